// The page in two languages. In English a key is its own text, but for those that have another one
// below; each line gives the Chinese.

export const lang = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");

export function setLang(code) {
  document.documentElement.lang = code === "zh" ? "zh-CN" : "en";
  try { localStorage.setItem("isogate-lang", code); } catch { /* for this page only */ }
}

const missing = new Set();

function found(key) {
  const text = lang() === "zh" ? ZH[key] : EN[key];
  if (text !== undefined) return text;
  if (lang() === "zh" && !missing.has(key)) { missing.add(key); console.warn(`no Chinese for: ${key}`); }
  return EN[key] || key;
}

const filled = (text, values) => text.replace(/\{(\w+)\}/g, (place, name) => (values && name in values ? values[name] : place));

/** A text that stands by itself: it begins with a capital. */
export function t(key, values) {
  const text = found(key);
  return filled(text.charAt(0).toUpperCase() + text.slice(1), values);
}

/** The same within a sentence. */
export const w = (key, values) => filled(found(key), values);

/** English where it is not the key itself. */
const EN = {
  "view now": "Now", "view open": "Open", "view search": "Search", "view faults": "Faults",
  "view scenarios": "Scenarios", "view findings": "Findings", "view recon": "Reconcile", "view transaction": "Payment",
  "what a terminal is": "the card machine in the shop",
  "what a gateway is": "isogate: passes messages on, keeps the journal",
  "what a acquirer is": "the bank's side: books the money",
  "how a payment goes": "A request goes from left to right, its answer comes back. When an answer is lost, nobody knows at first whether the money was taken. Then a reversal undoes it.",
  "class U1": "no answer that tells whether it was booked", "class U2": "approved, but the terminal did not get the answer",
  "class U3": "approved too late", "class U4": "approved and delivered; the pay-out is still to come",
  "class U5": "a reversal is under way", "class U6": "its reversal was refused or could not be delivered",
  "class U7": "terminal and acquirer count differently", "class U8": "approved, but it is not proven that the terminal heard it",
  "class U9": "the reversal is over, but does not prove that no money is held",
  "short U1": "no answer", "short U2": "not delivered", "short U3": "late", "short U5": "reversal under way", "short U6": "reversal failed",
  "short U7": "totals differ", "short U8": "delivery unproven", "short U9": "reversal unproven",
  "mood approved": "approved", "mood settled": "settled", "mood answered": "answered", "mood reversed": "reversed", "mood returned": "given back",
  "mood declined": "declined", "mood refused": "refused here", "mood not sent": "not sent", "mood closed": "closed by hand", "mood under way": "under way",
  "mood reversing": "being reversed", "mood unproven": "unproven",
  "belief nothing": "knows of none", "belief waiting": "waits", "belief unknown": "does not know", "belief approved": "approved", "belief declined": "declined",
  "belief failed": "failed", "belief reversed": "reversed", "belief returned": "given back", "belief settled": "settled",
  "terminal believes": "the terminal believes", "gateway believes": "the gateway knows", "acquirer believes": "the acquirer believes",
  "basis observed": "a message shows it", "basis inferred": "it follows from what happened", "basis file": "a file says so",
  "retry yes": "yes, a new payment is safe", "retry yes deed": "only this one may be tried again, not the payment it belongs to: see what to do next", "retry no": "no, the money may be taken twice", "retry unproven": "not proven: look first",
  "link up": "up", "link ready": "up", "link down": "down", "link connecting": "connecting", "link signing_on": "signing on", "link suspect": "suspect", "link draining": "draining", "link closed": "closed",
  "disk low": "the disk is almost full", "disk ok": "disk: enough room",
  "evidence E0": "E0: the journal alone", "evidence E1": "E1: and the terminal's records", "evidence E2": "E2: and the acquirer's file", "evidence E3": "E3: and the pay-out", "evidence E4": "E4: and the issuer",
  "side terminal": "at the terminal", "side gateway": "at the gateway", "side acquirer": "at the acquirer", "side office": "in the back office",
  "way T>G": "terminal to gateway", "way G>A": "gateway to acquirer", "way A>G": "acquirer to gateway", "way G>T": "gateway to terminal",
  "act reverse": "reverse now", "act park": "park the reversal", "act close": "close by hand",
  "what reverse does": "A reversal is sent to the acquirer at once. It undoes the payment if it was booked, and harms nothing if it was not.",
  "what park does": "No further try of the reversal goes out until somebody sends it again. The payment stays open.",
  "what close does": "Somebody found out elsewhere where the money is. No reversal goes out any more; what was found stands in the verdict.",
  "did reverse": "the reversal is sent", "did park": "the reversal is parked", "did close": "closed",
  minutes: " min", hours: " h", days: " days",
};

const ZH = {
  "view now": "实时", "view open": "未确认", "view search": "查询", "view faults": "故障", "view scenarios": "场景", "view findings": "分析", "view recon": "对账", "view transaction": "交易",
  views: "页面", "skip to the content": "跳到正文", lab: "仿真", theme: "主题", language: "语言", light: "浅色", dark: "深色", "as the system": "跟随系统", "{n} open": "{n}笔未确认",
  terminal: "终端", gateway: "网关", acquirer: "收单机构", merchant: "商户号",
  "what a terminal is": "店里的POS机", "what a gateway is": "isogate: 转发报文, 记录流水", "what a acquirer is": "银行侧: 记账",
  "how a payment goes": "请求从左向右, 应答原路返回。应答丢失时, 一时无法确定是否已扣款, 随后由冲正撤回。", "got it": "知道了",
  "reading the journal…": "正在读取流水…", "every payment is accounted for": "全部交易均已确认",
  "each one was approved, declined or given back, and both ends agree": "每笔均已批准、拒绝或退回, 两端一致",
  "one payment is unproven: {sum}": "1笔交易未确认: {sum}", "{n} payments are unproven: {sum}": "{n}笔交易未确认: {sum}",
  "nobody can say yet whether this money was taken": "目前尚不能断定这些款项是否已扣", "the oldest has waited {t}": "最早一笔已等待{t}", "see them": "查看",
  "payments a second": "每秒交易", "{n} under way": "处理中{n}笔", "approved of the last minute": "近一分钟批准率", "{n} declined, {m} unanswered": "拒绝{n}笔, 无应答{m}笔",
  "answer within (half of them)": "应答耗时(中位)", "99 of 100 within {t}": "99%在{t}内", "reversals in the last minute": "近一分钟冲正", "{n} late answers": "迟到应答{n}笔",
  "journal on disk within": "流水落盘耗时", "disk low": "磁盘空间不足", "disk ok": "磁盘空间充足",
  "as of {t}: {said}": "截至{t}: {said}", "the journal is read {t} behind; more may be open by now": "流水读取滞后{t}, 目前可能另有未确认的交易", "how the money stands could not be read": "暂时无法读取资金状态", "could not be read: {why}": "无法读取: {why}", "it is tried again": "正在重试", "try again": "重试",
  "payments as they come": "交易动态", "which payments": "显示哪些交易", "went wrong": "异常", "all payments": "全部", "no payment has come in yet": "尚无交易", "nothing has gone wrong since {t}": "{t}以来无异常",
  "the three signs: what terminal, gateway and acquirer believe": "三个标记依次为终端、网关、收单机构各自的认定", payments: "交易",
  "open money by reason": "未确认金额(按原因)", reason: "原因", amount: "金额", "since {t}": "已{t}", connections: "连接", listens: "监听", "to the acquirer, {n} of {m}": "上游链路, {n}/{m}", "for terminals": "终端接入点",
  "what is made to go wrong": "正在注入的故障", "heal everything": "全部恢复", "break something": "注入故障", "struck {n} of {m}": "命中{n}/{m}", "all faults are switched off": "故障已全部关闭",
  "time to answer": "应答耗时", "answers a second": "每秒应答", half: "中位数", "95 of 100": "95%", "99 of 100": "99%", "99 of 100 within": "99%", approved: "批准", declined: "拒绝", reversals: "冲正", state: "状态",
  minutes: "分钟", hours: "小时", days: "天", "a message": "报文",
  "class U1": "无应答, 或应答不足以判断是否已记账", "class U2": "已批准, 应答未送达终端", "class U3": "迟到的批准", "class U4": "已批准并送达, 待清算", "class U5": "冲正处理中", "class U6": "冲正被拒绝或无法送达",
  "class U7": "终端与收单机构账目不一致", "class U8": "已批准, 未证实终端已收到", "class U9": "冲正已结束, 但未证实款项未扣",
  "short U1": "无应答", "short U2": "未送达", "short U3": "迟到", "short U5": "冲正中", "short U6": "冲正失败", "short U7": "账目不一致", "short U8": "送达未证实", "short U9": "冲正未证实",
  "mood approved": "已批准", "mood settled": "已清算", "mood answered": "已应答", "mood reversed": "已冲正", "mood returned": "已退回", "mood declined": "已拒绝", "mood refused": "网关拒绝", "mood not sent": "未发送",
  "mood closed": "人工关闭", "mood under way": "处理中", "mood reversing": "冲正中", "mood unproven": "未确认",
  "belief nothing": "无此交易", "belief waiting": "等待中", "belief unknown": "不明", "belief approved": "成功", "belief declined": "拒绝", "belief failed": "失败", "belief reversed": "已冲正", "belief returned": "已退回", "belief settled": "已清算",
  "terminal believes": "终端认为", "gateway believes": "网关记录", "acquirer believes": "收单机构认为", "basis observed": "有报文为据", "basis inferred": "由经过推断", "basis file": "据对方文件",
  "retry yes": "可以重新交易", "retry yes deed": "仅本笔可重试, 原消费请勿重刷: 见下一步", "retry no": "不可, 可能重复扣款", "retry unproven": "未证实, 请先查询",
  "link up": "正常", "link ready": "正常", "link down": "中断", "link connecting": "连接中", "link signing_on": "签到中", "link suspect": "存疑", "link draining": "停用中", "link closed": "已关闭",
  "evidence E0": "E0: 仅流水", "evidence E1": "E1: 另有终端记录", "evidence E2": "E2: 另有收单对账文件", "evidence E3": "E3: 另有划付文件", "evidence E4": "E4: 另有发卡方文件",
  "open payments": "未确认交易", "only of one class": "只看一类", all: "全部", "one payment, {sum}": "1笔, {sum}", "{n} payments, {sum}: oldest first": "{n}笔, 共{sum}, 最早的在前",
  "nothing is open: every payment is confirmed, declined or given back": "没有未确认的交易: 全部已确认、已拒绝或已退回", "what to do": "处理建议", "safe to pay again?": "可否重新交易?",
  "act reverse": "立即冲正", "act park": "暂停冲正", "act close": "人工关闭", "what reverse does": "立即向收单机构发送冲正: 如已记账则撤回, 未记账则无影响。",
  "what park does": "不再自动重发冲正, 直至有人再次发送。交易仍列为未确认。", "what close does": "已从其他渠道查明款项去向。不再发送冲正, 查明的结果写入结论。",
  "did reverse": "冲正已发送", "did park": "冲正已暂停", "did close": "已关闭", "who does it": "操作员", "why (it is recorded)": "原因(将记入流水)", "leave it": "取消",
  "what happened": "经过", "side traffic: sign-on, echo": "其他报文: 签到、线路测试", "evidence (ZIP)": "证据包(ZIP)", "press an arrow to read its message; with Shift, to compare it": "点击箭头查看报文; 按住Shift点击可比较两条报文",
  "its names": "交易要素", "the same as a list": "以列表显示", messages: "报文", message: "报文", "message {m}": "报文 {m}", "two messages compared": "两条报文比较", "compare with": "与之比较", "drawing…": "正在绘制…",
  "the ladder cannot be drawn": "无法绘制时序图", "the ladder cannot be read": "无法读取时序图", "what each party believes": "各方认定", "the journal holds no payment of this name": "流水中没有这笔交易", "look for it": "去查询",
  STAN: "凭证号", RRN: "参考号", "authorization code": "授权码", card: "卡号", batch: "批次号", "response code": "应答码", began: "开始时间", cause: "原因", evidence: "证据等级", id: "交易ID",
  "({n} bytes)": "({n}字节)", time: "时间", way: "方向", type: "类型", code: "应答码", note: "说明", "way T>G": "终端→网关", "way G>A": "网关→收单", "way A>G": "收单→网关", "way G>T": "网关→终端",
  "bytes: arrow keys go from field to field": "字节: 方向键可逐域移动", field: "域", name: "名称", value: "值", "field {id}: bytes {a} to {b}": "域{id}: 第{a}至{b}字节", differs: "不同", "only in the first": "仅第一条有", "only in the second": "仅第二条有", comparison: "比较",
  "find a payment": "查询交易", "fill in what you know; the address of this page can be sent to somebody else": "填写已知要素即可; 本页地址可以发给他人", "last four digits": "卡号末四位", from: "起始时间", until: "截止时间", any: "不限",
  "or a filter, as `isogate trace` takes it": "或输入过滤条件(同isogate trace)", search: "查询", clear: "清空", "for example": "例如", "the journal holds no such payment": "流水中没有符合条件的交易", "the newest {n}": "最近{n}笔", "{n} found": "共{n}笔", "show older ones": "显示更早的", payment: "交易", "terminal / STAN": "终端/凭证号", verdict: "结论",
  "make something go wrong": "注入故障", "switch a fault on, watch what becomes of the payments, and heal everything again": "打开一个故障, 观察交易如何变化, 然后全部恢复", "switched on now": "已打开的故障", "nothing is made to go wrong": "目前没有注入故障",
  "from the start": "启动时", fault: "故障", "what it does": "作用", struck: "命中", since: "开始于", by: "操作员", "{n} of {m}": "{n}/{m}", "switch off": "关闭", "switch on": "打开", "switched on: {f}": "已打开: {f}", "switched off: {f}": "已关闭: {f}", "share (0 to 1)": "比例(0至1)", only: "仅限",
  "the catalogue": "故障目录", "reading the catalogue…": "正在读取目录…", "look through the catalogue": "在目录中查找", "lost answer, MAC, F07 …": "应答丢失, MAC, F07 …", where: "位置", everywhere: "全部位置", "this gateway takes no faults": "此网关不支持注入故障",
  "side terminal": "终端", "side gateway": "网关", "side acquirer": "收单机构", "side office": "后台",
  "what merchants complain of": "商户投诉场景", "each story is played in the lab's own world, in virtual time; no payment of this gateway is touched": "场景在独立的仿真环境中以虚拟时间运行, 不影响本网关的交易", "look through the scenarios": "查找场景", "cut off, twice, S1.2 …": "中断, 重复, S1.2 …", scenarios: "场景",
  "let it happen": "运行", "it happens…": "运行中…", "as the catalogue expects": "与目录预期一致", "not as the catalogue expects": "与目录预期不符", "what goes wrong": "故障", expected: "预期", "money held in the end: terminal {a}, acquirer {b}": "最终账面: 终端{a}, 收单机构{b}",
  "what failures have in common": "失败交易的共同点", "a card range, a terminal, a link, an hour: named only where chance does not explain it": "卡BIN、终端、链路、时段: 仅列出偶然性无法解释的", "payments looked at": "已分析交易", "of them failed": "其中失败", "left out": "未计入",
  "only the newest were looked at in time; all of them: {c}": "时限内仅分析了最近的交易; 全部请用: {c}",
  "what they have in common": "共同点", failed: "失败", "share that failed": "失败率", "others {n} %": "其他{n} %", "failures there are, but nothing that they have in common": "有失败交易, 但没有共同点", "no failure there is": "没有失败交易", findings: "分析",
  "the books side by side": "三方对账", "what the journal, the terminals' totals and the acquirer's file say of the same payments": "流水、终端汇总与收单机构文件对同一交易的记载", "what does not match": "差异", what: "内容", "give the files of the acquirer, of the terminals or of the pay-out to the command": "请用命令指定收单机构、终端或划付文件", "there is nothing to hold the journal against yet": "尚无可供对账的文件",
  "this gateway wants a token": "此网关需要令牌", "it stands in the file that [admin] tokens names": "见配置文件[admin] tokens所指的文件", token: "令牌", "go on": "继续",
  "the gateway does not answer; what is shown is as it was": "网关无应答, 显示的是此前的状态", "the journal failed: the gateway takes nothing on": "流水写入失败: 网关已停止受理", "the disk is almost full": "磁盘空间即将用尽", "the gateway is going down: it takes nothing new on": "网关正在停机: 不再受理新交易",
};
