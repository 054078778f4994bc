"""The dashboard as its users meet it: a real Chromium looks at a running lab.

Usage: browser.py BASE_URL FOLDER

Exits 0 if all of it holds. Screenshots of every view go to FOLDER.
"""

import importlib.resources
import os
import sys
import time

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

PATIENCE = 30
VIEWS = ["now", "open", "search", "faults", "scenarios", "findings", "recon"]
AXE = importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text()

# What makes the page wider than its window, if it is.
TOO_WIDE = """
    if (document.documentElement.scrollWidth <= arguments[0]) return [];
    const out = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > arguments[0]);
    return out.slice(0, 5).map((e) => `${e.tagName}.${e.getAttribute("class")}: ${e.textContent.slice(0, 60)}`);
"""


class Browser:
    """One window, and what the tests ask of it."""

    def __init__(self, base, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ.get("ISOGATE_CHROMIUM", "/usr/bin/chromium")
        for switch in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                       "--hide-scrollbars", "--lang=en-US", "--window-size=1280,900"]:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = os.environ.get("ISOGATE_CHROMEDRIVER", "/usr/bin/chromedriver")
        self.driver = webdriver.Chrome(service=Service(driver), options=options)
        self.base, self.folder = base, folder

    def size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def theme(self, name):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name}]})

    def go(self, view):
        self.driver.get(f"{self.base}/#/{view}")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def text(self, selector="#main"):
        try:
            found = self.all(selector)
            return found[0].text if found else ""
        except StaleElementReferenceException:
            return ""

    def until(self, what, ask, patience=PATIENCE):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            try:
                answer = ask()
            except StaleElementReferenceException:
                answer = None
            if answer:
                return answer
            time.sleep(0.1)
        self.driver.save_screenshot(f"{self.folder}/failed.png")
        raise AssertionError(f"waited in vain: {what}; the page says: {self.text()[:1500]}")

    def click(self, selector):
        """Clicks what is there, even if the page is just being drawn anew."""
        def clicked():
            found = self.all(selector)
            if not found:
                return False
            try:
                found[0].click()
                return True
            except WebDriverException:
                return False
        self.until(f"a click on {selector}", clicked)

    def language(self, code):
        self.click(f'.choices [lang="{code}"]' if code == "zh-CN" else ".choices button[title=English]")

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self):
        return self.driver.switch_to.active_element

    def picture(self, name, width, height):
        """The whole page, or as much of it as is worth looking at."""
        whole = self.driver.execute_script("return document.documentElement.scrollHeight")
        self.size(width, max(height, min(whole, 3000)))
        self.driver.save_screenshot(f"{self.folder}/{name}.png")

    def faults_of_access(self):
        """What axe calls serious or worse."""
        self.driver.execute_script(AXE)
        found = self.driver.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']})"
            ".then((r) => done(r.violations), (e) => done([{impact: 'critical', id: String(e), nodes: []}]));")
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        return [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in serious]

    def complaints(self):
        """What the console says, but for its hints."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]


def number(text):
    """The first number of a text."""
    digits = "".join(c if c.isdigit() or c == "." else " " for c in text.replace(",", "")).split()
    return float(digits[0]) if digits else 0.0


def the_rate_moves(browser):
    browser.go("now")
    rate = lambda: browser.text(".figure .big")
    first = browser.until("a rate", lambda: number(rate()) > 0 and rate())
    browser.until("another rate", lambda: number(rate()) > 0 and rate() != first)
    browser.until("a sentence on the money", lambda: browser.text(".hero h1"))


def switch_on(browser, fault, share, aim=""):
    browser.go("faults")
    place = f'.fault[data-id="{fault}"]'
    browser.until(f"{fault} in the catalogue", lambda: browser.all(place))
    field = browser.all(f"{place} input")[0]
    field.clear()
    field.send_keys(share)
    browser.all(f"{place} .aim")[0].send_keys(aim)
    browser.click(f"{place} button.main")
    browser.until(f"{fault} is on", lambda: fault in browser.text(".active-faults"))


def an_unproven_payment_is_read_in_both_languages(browser):
    browser.go("open")
    browser.until("an open payment", lambda: browser.all(".case"))
    link = browser.until("its address", lambda: browser.all(".case .case-name")[0].get_attribute("href"))
    browser.driver.get(link)
    browser.until("its ladder", lambda: browser.all("svg.ladder [data-index]"))
    assert "first failure" in browser.text("svg.ladder"), browser.text("svg.ladder")
    english = browser.text(".verdict h1")
    assert english, "a verdict"
    browser.language("zh-CN")
    browser.until("its ladder in Chinese", lambda: "首个异常" in browser.text("svg.ladder"))
    chinese = browser.text(".verdict h1")
    assert any("\u4e00" <= c <= "\u9fff" for c in chinese), chinese
    browser.language("en")
    browser.until("English again", lambda: "first failure" in browser.text("svg.ladder"))
    browser.until("a message", lambda: browser.all(".message .fields tr"))
    return link


def bytes_and_fields_light_up(browser):
    row = browser.all(".message .fields tbody tr")[1]
    ActionChains(browser.driver).move_to_element(row).perform()
    browser.until("bytes light up", lambda: browser.all(".byte.lit"))
    lit = browser.all(".byte.lit")[0]
    ActionChains(browser.driver).move_to_element(browser.all(".byte")[0]).perform()
    ActionChains(browser.driver).move_to_element(lit).perform()
    browser.until("the field lights up", lambda: browser.all(".fields tr.lit"))
    browser.click("#message .buttons button")
    browser.until("two messages compared", lambda: browser.all(".comparison tbody tr"))


def keyboard_alone(browser, link):
    browser.driver.get("about:blank")
    browser.go("now")
    browser.until("the page", lambda: browser.all(".views a"))
    browser.keys(Keys.TAB)
    assert browser.focused().get_attribute("id") == "skip", "the first stop is the skip link"
    for _ in range(20):
        browser.keys(Keys.TAB)
        if browser.focused().get_attribute("href") and browser.focused().get_attribute("href").endswith("#/open"):
            break
    browser.keys(Keys.ENTER)
    browser.until("the open payments by keyboard", lambda: browser.driver.current_url.endswith("#/open"))
    browser.driver.get(link)
    arrow = browser.until("the ladder", lambda: browser.all("svg.ladder [data-index]"))[0]
    browser.driver.execute_script("arguments[0].focus()", arrow)
    browser.keys(Keys.ARROW_DOWN, Keys.ENTER)
    browser.until("the second message", lambda: "m=1" in browser.driver.current_url)
    browser.until("its bytes", lambda: "G → A" in browser.text("#message h2") and browser.all(".dump"))
    browser.driver.execute_script("document.querySelector('.dump').focus()")
    browser.keys(Keys.ARROW_RIGHT)
    browser.until("a field by keyboard", lambda: browser.all(".fields tr.lit"))


def a_scenario_runs(browser):
    browser.go("scenarios?id=S1.2")
    browser.until("the scenario", lambda: browser.all("#run-scenario"))
    browser.click("#run-scenario")
    browser.until("its ladder grows", lambda: browser.all(".played svg.ladder .rung"))
    browser.until("what came of it", lambda: "expects" in browser.text(".outcome"))
    browser.until("the whole ladder", lambda: not browser.all(".rung.later"))
    browser.picture("scenario-played", 1280, 900)
    browser.size(1280, 900)


def texts_of_strangers_are_texts(browser):
    """A payment whose texts hold markup, control characters and a change of direction."""
    browser.go("search?q=EVIL0001%2F000777")
    row = browser.until("the strange payment", lambda: browser.all(".payments tbody a"))
    browser.driver.get(row[0].get_attribute("href"))
    browser.until("its fields", lambda: browser.all(".message .fields tr"))
    said = browser.text(".message .fields")
    assert "<script>isogateWasFooled=1</script>" in said and "⟨1B⟩[1m⟨01⟩" in said, said
    browser.go("faults")
    browser.driver.execute_async_script("""
        const body = JSON.stringify({fault: "F04:p=0", who: "\\u202e<b>li</b>"});
        fetch("/api/faults", {method: "POST", body, headers: {"Content-Type": "application/json"}})
            .then(arguments[0], arguments[0]);""")
    browser.until("a strange name", lambda: "⟨202E⟩<b>li</b>" in browser.text(".active-faults"))
    assert browser.driver.execute_script("return window.isogateWasFooled") is None
    assert not browser.driver.execute_script("return document.querySelector('main script')")


def every_view_is_pictured(browser, link, wanted):
    views = [(view, view) for view in VIEWS] + [("transaction", link.split("#/")[1])]
    for theme in ("light", "dark"):
        browser.theme(theme)
        for lang, code in (("en", "en"), ("zh", "zh-CN")):
            browser.size(1280, 900)
            browser.language(code)
            for name, view in views:
                browser.go(view)
                browser.until(f"something in {name}", lambda: not browser.all(".busy") and len(browser.text()) > 15)
                if lang == "en" or theme == "light":
                    wrong = browser.faults_of_access()
                    assert not wrong, f"{name}, {theme}: {wrong}"
                for width, height in ((1280, 900), (1024, 768), (390, 844)):
                    if width != 1280 and theme != wanted[lang]:
                        continue
                    browser.size(width, height)
                    wide = browser.driver.execute_script(TOO_WIDE, width)
                    assert not wide, f"{name} in {lang} is too wide for a window of {width}: {wide}"
                    browser.picture(f"{name}-{lang}-{theme}-{width}", width, height)
                browser.size(1280, 900)


def main():
    base, folder = sys.argv[1:3]
    os.makedirs(folder, exist_ok=True)
    browser = Browser(base, folder)
    try:
        browser.size(1280, 900)
        browser.theme("light")
        the_rate_moves(browser)
        switch_on(browser, "F28", "1")
        # Kinds that are never reversed would stay unproven without an answer.
        switch_on(browser, "F01", "0.5", "kind=sale")
        browser.go("now")
        browser.until("reversals begin", lambda: number(browser.all(".figure .big")[3].text) > 0)
        browser.until("money that is not proven", lambda: browser.all('.hero[data-tone="bad"]'))
        link = an_unproven_payment_is_read_in_both_languages(browser)
        bytes_and_fields_light_up(browser)
        keyboard_alone(browser, link)
        texts_of_strangers_are_texts(browser)
        a_scenario_runs(browser)
        every_view_is_pictured(browser, link, {"en": "light", "zh": "dark"})
        browser.theme("light")
        browser.language("en")
        browser.go("faults")
        browser.click("#heal")
        browser.until("all is healed", lambda: not browser.all(".active-faults tbody tr"))
        browser.go("open")
        browser.until("nothing is open any more", lambda: "Nothing is open" in browser.text())
        browser.picture("open-empty", 1280, 900)
        said = browser.complaints()
        assert not said, f"the console says: {said}"
    finally:
        browser.driver.quit()
    print("all of it holds")


if __name__ == "__main__":
    main()
