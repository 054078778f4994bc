// Amounts, moments and states in words.

import { CURRENCIES } from "./currencies.js";
import { lang, t, w } from "./text.js";

/** `1,442.57 CNY`: minor units as people write them. */
export function money(minor, currency) {
  const [name, digits] = CURRENCIES[currency] || [currency || "", 2];
  const whole = BigInt(Math.trunc(Number(minor) || 0));
  const unit = 10n ** BigInt(digits);
  const sign = whole < 0n ? "\u2212" : "";
  const size = whole < 0n ? -whole : whole;
  const front = (size / unit).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const back = digits ? `.${(size % unit).toString().padStart(digits, "0")}` : "";
  return `${sign}${front}${back} ${name}`.trim();
}

/** A whole number with its thousands. */
export const count = (n) => Math.round(Number(n) || 0).toString().replace(/\B(?=(\d{3})+$)/g, ",");

/** `09:10:39` of a moment, as its gateway writes it: in the gateway's zone. */
export const clock = (at) => (at || "").slice(11, 19);

/** `2026-11-29 09:10:39`. */
export const moment = (at) => (at || "").slice(0, 19).replace("T", " ");

/** Milliseconds as a length of time: `0.9 ms`, `15 ms`, `1.7 s`, `3 min`, `2 h`. */
export function lasting(ms) {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7200000) return `${Math.round(ms / 60000)}${w("minutes")}`;
  if (ms < 172800000) return `${Math.round(ms / 3600000)}${w("hours")}`;
  return `${Math.round(ms / 86400000)}${w("days")}`;
}

/** How long ago a moment was, by the gateway's own clock where it was heard. */
export const age = (at, now) => Math.max(0, (now ?? Date.now()) - Date.parse(at));

/** What was asked for, in plain words. */
export function kind(name) {
  const known = KINDS[name];
  if (known) return known[lang() === "zh" ? 1 : 0];
  return (name || t("a message")).replaceAll("_", " ");
}

const KINDS = {
  sale: ["Sale", "消费"], sale_void: ["Void of a sale", "消费撤销"], void: ["Void", "撤销"],
  refund: ["Refund", "退货"], preauth: ["Pre-authorization", "预授权"],
  preauth_void: ["Void of a pre-authorization", "预授权撤销"],
  preauth_increment: ["Increment of a pre-authorization", "预授权追加"],
  completion: ["Completion", "预授权完成"], completion_void: ["Void of a completion", "预授权完成撤销"],
  completion_advice: ["Completion advice", "预授权完成通知"], balance: ["Balance inquiry", "余额查询"],
  sign_on: ["Sign-on", "签到"], sign_on_double: ["Sign-on", "签到"], sign_on_track: ["Sign-on", "签到"],
  sign_off: ["Sign-off", "签退"], echo: ["Echo test", "线路测试"], settlement: ["Settlement", "批结算"],
  reversal: ["Reversal", "冲正"], reversal_advice: ["Reversal advice", "冲正通知"], cash: ["Cash", "取现"],
  cash_back: ["Sale with cash back", "消费带取现"], qr_sale: ["QR code sale", "扫码消费"],
  qr_void: ["Void of a QR code sale", "扫码撤销"], qr_refund: ["QR code refund", "扫码退货"],
  offline_sale: ["Offline sale", "离线消费"], instalment: ["Instalment sale", "分期消费"],
  adjustment: ["Adjustment", "结算调整"], tip_adjustment: ["Tip", "小费调整"],
  upload: ["Batch upload", "批上送"], wallet: ["Wallet payment", "钱包支付"],
  verification: ["Card verification", "卡片验证"], bill_payment: ["Bill payment", "缴费"],
  parameters: ["Parameters", "参数下载"], ic_download: ["Chip parameters", "IC卡参数下载"],
};

/** Kinds that move no money. */
const MONEYLESS = /^(sign_|echo|balance|settlement|upload|parameters|ic_|tms|status|verification|.*_inquiry|.*_end$|key_|script_|.*blacklist|.*_bins)/;
export const moneyless = (item) => !item.amount && MONEYLESS.test(item.kind);

const WORDS = {
  "DELIVERED-APPROVED": "approved", CONFIRMED: "approved", SETTLED: "settled",
  REVERSED: "reversed", RETURNED: "returned",
  "DELIVERED-DECLINED": "declined", DECLINED: "declined",
  "REJECTED-LOCAL": "refused", "SEND-FAILED": "not sent", "CLOSED-BY-OPERATOR": "closed",
  RECEIVED: "under way", FORWARDED: "under way", "FORWARDED-GONE": "under way", APPROVED: "under way",
  "REVERSAL-PENDING": "reversing", "REVERSAL-SENT": "reversing",
};

/**
 * How a transaction stands, as one of a few words with a sign and a colour. What is not proven is
 * never shown as anything better.
 */
export function mood(item) {
  const word = WORDS[item.state] || "unproven";
  if (word === "under way" && item.cause === "in_progress") return named(word);
  if (item.open && word === "reversing") return named(word);
  if (item.open) return named("unproven");
  if (word === "approved" && moneyless(item)) return named("answered");
  return named(word);
}

const MOODS = {
  approved: ["good", "\u2713"], settled: ["good", "\u2713"], answered: ["none", "\u2713"],
  reversed: ["good", "\u21a9"], returned: ["good", "\u21a9"],
  declined: ["none", "\u2715"], refused: ["none", "\u2715"], "not sent": ["none", "\u2298"],
  closed: ["none", "\u25a0"], "under way": ["none", "\u2026"],
  reversing: ["wait", "\u21a9"], unproven: ["bad", "?"],
};

function named(word) {
  const [tone, sign] = MOODS[word] || MOODS.unproven;
  return { word, tone, sign, text: t(`mood ${word}`) };
}

/** Whether people would say that it went wrong. */
export function wrong(item) {
  if (moneyless(item)) return false;
  return item.open || !["DELIVERED-APPROVED", "CONFIRMED", "SETTLED", "DELIVERED-DECLINED", "DECLINED",
    "RECEIVED", "FORWARDED", "APPROVED", "RETURNED"].includes(item.state);
}

/** What each party believes, as a word and a sign. */
export const BELIEF = {
  nothing: ["none", "\u2013"], waiting: ["none", "\u2026"], unknown: ["wait", "?"], approved: ["good", "\u2713"],
  declined: ["none", "\u2715"], failed: ["bad", "\u2715"], reversed: ["good", "\u21a9"],
  returned: ["good", "\u21a9"], settled: ["good", "\u2713"],
};
