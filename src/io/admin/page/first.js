// Before anything is drawn: the theme and the language that were chosen here, else the system's.
(() => {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const theme = kept("isogate-theme");
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  const asked = new URLSearchParams(location.hash.split("?")[1] || "").get("lang");
  const chinese = (navigator.language || "").toLowerCase().startsWith("zh");
  const lang = [asked, kept("isogate-lang"), chinese ? "zh" : "en"].find((l) => l === "en" || l === "zh");
  root.lang = lang === "zh" ? "zh-CN" : "en";
})();
