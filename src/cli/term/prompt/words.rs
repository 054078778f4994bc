//! What the prompt says, in both languages.

use crate::cli::Lang;
use crate::cli::table::columns;
use crate::iso::codec::Message;
use crate::iso::spec::{Purpose, Spec};
use crate::lab::peer::{Receipt, TerminalBelief};
use std::fmt::Write;
use std::time::Duration;

/// What can be typed, in both languages.
const COMMANDS: [(&str, &str, &str); 13] = [
    (
        "sale 100.00",
        "a transaction, by its name in the dialect; 10000 is the same",
        "交易, 名称见下; 100.00 也可写作 10000",
    ),
    (
        "sale 100.00 card 3",
        "with another of the test cards, counted from 0",
        "换一张测试卡, 从0数起",
    ),
    (
        "void [of STAN]",
        "void the last approved one, or that one",
        "撤销最近一笔(或指定凭证号)",
    ),
    ("refund 50.00 [of STAN]", "give money back", "退货"),
    ("balance", "what the card has left", "余额查询"),
    ("sign-in", "fetch new working keys", "签到, 取新工作密钥"),
    (
        "settle",
        "settle the batch and begin the next",
        "批结算, 开始新批次",
    ),
    (
        "reverse",
        "reverse the last approved one",
        "冲正最近一笔成功交易",
    ),
    (
        "set 55=9F26…",
        "a field or part that requests carry from now on; `unset 55`",
        "此后的请求都带该域; unset 55 取消",
    ),
    (
        "show [last|N]",
        "the last message field by field, or the Nth before it",
        "逐域显示最近(或倒数第N)个报文",
    ),
    (
        "list",
        "all transactions of this terminal",
        "本终端全部交易",
    ),
    (
        "raw 6000…",
        "a message in hex, without length prefix, as it is",
        "原样发送十六进制报文(不含长度)",
    ),
    ("quit", "the end", "退出"),
];

/// Speaks one of the languages.
#[derive(Clone, Copy)]
pub(in crate::cli::term) struct PromptWords(pub(in crate::cli::term) Lang);

impl PromptWords {
    const fn pick(self, en: &'static str, zh: &'static str) -> &'static str {
        match self.0 {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    pub(super) fn greeting(self, terminal: &str, to: &str, spec: &str) -> String {
        match self.0 {
            Lang::En => {
                format!("terminal {terminal}, {spec}, calls {to}; `help` lists what to type")
            }
            Lang::Zh => format!("终端 {terminal} ({spec}) -> {to}; 输入 help 查看命令"),
        }
    }

    pub(super) const fn error(self) -> &'static str {
        self.pick("error", "错误")
    }

    pub(in crate::cli::term) const fn slip(self) -> &'static str {
        self.pick("slip", "签购单")
    }

    pub(super) const fn sign_in(self) -> &'static str {
        self.pick("sign-in", "签到")
    }

    pub(in crate::cli::term) const fn sign_in_failed(self) -> &'static str {
        self.pick(
            "no usable answer to the sign-in: given up, nothing was sold; are dialect (--spec) and \
             keys (--seed, --keys) those of the other end?",
            "签到无有效应答, 已放弃, 未发出交易; 报文规范(--spec)与主密钥(--seed、--keys)是否与对端一致?",
        )
    }

    pub(in crate::cli::term) fn sign_in_refused(self, answer: &str) -> String {
        match self.0 {
            Lang::En => format!("the sign-in was answered with {answer}: nothing was sold"),
            Lang::Zh => format!("签到被拒绝: {answer}; 未发出交易"),
        }
    }

    pub(super) const fn not_sent(self) -> &'static str {
        self.pick(
            "without a sign-in nothing else is sent",
            "未签到, 其后的交易未发出",
        )
    }

    pub(in crate::cli::term) fn waiting(self, to: &str, error: &str, most: Duration) -> String {
        let most = shown(most);
        match self.0 {
            Lang::En => format!("cannot connect to {to}: {error}; trying for {most}"),
            Lang::Zh => format!("无法连接 {to}: {error}; {most}内继续尝试"),
        }
    }

    pub(in crate::cli::term) fn unconnected(self, to: &str, error: &str) -> String {
        match self.0 {
            Lang::En => format!("cannot connect to {to}: {error}; nothing was sent"),
            Lang::Zh => format!("无法连接 {to}: {error}; 未发出任何报文"),
        }
    }

    pub(super) fn nothing_to_show(self, count: usize) -> String {
        match self.0 {
            Lang::En => format!("{count} messages went and came: `show` takes fewer"),
            Lang::Zh => format!("目前只有{count}个报文"),
        }
    }

    pub(super) fn reversing(self, reversal: &Message) -> String {
        let stan = reversal.stan().unwrap_or_default();
        let code = reversal.response_code().unwrap_or_default();
        match self.0 {
            Lang::En => format!("reversal {} {code} of {stan} sent", reversal.mti()),
            Lang::Zh => format!("冲正处理中: {} {code} 凭证号 {stan}", reversal.mti()),
        }
    }

    /// DE 54: for each account its type, the amount's type, currency, sign and amount.
    pub(super) fn balance(self, amounts: &str) -> String {
        let amount = amounts.get(8..20).and_then(|digits| digits.parse().ok());
        let sign = if amounts.get(7..8) == Some("D") {
            "-"
        } else {
            ""
        };
        let shown = amount.map_or_else(|| amounts.to_owned(), |sum| format!("{sign}{}", yuan(sum)));
        format!("{} {shown}", self.pick("balance", "余额"))
    }

    /// One transaction on one line.
    pub(in crate::cli::term) fn receipt(
        self,
        receipt: &Receipt,
        kind: &str,
        code_title: &str,
    ) -> String {
        let belief = match receipt.belief {
            TerminalBelief::Open => self.pick("open", "未完成"),
            TerminalBelief::Approved => self.pick("approved", "交易成功"),
            TerminalBelief::Declined => self.pick("declined", "交易失败"),
            TerminalBelief::Reversed { proven: true } => self.pick("reversed", "冲正成功"),
            TerminalBelief::Reversed { proven: false } => {
                self.pick("reversed, not proven", "已冲正, 未经证实")
            }
            TerminalBelief::GivenUp => self.pick(
                "reversal given up: call the acquirer",
                "冲正未果, 请联系收单机构",
            ),
            TerminalBelief::Unknown => self.pick("unknown", "结果不明"),
        };
        let mut line = String::from(belief);
        // Writing to a string cannot fail.
        let mut add = |text: std::fmt::Arguments<'_>| {
            let _written = line.write_fmt(text);
        };
        if let Some(code) = receipt.code {
            add(format_args!(" {code}"));
            if receipt.belief == TerminalBelief::Declined && !code_title.is_empty() {
                add(format_args!(" {code_title}"));
            }
        }
        add(format_args!("  {kind}"));
        if receipt.purpose.moves_money() {
            add(format_args!(" {}", yuan(receipt.amount.0)));
        }
        add(format_args!(
            "  {} {}",
            self.pick("STAN", "凭证号"),
            receipt.stan
        ));
        if let Some(rrn) = receipt.rrn {
            add(format_args!("  {} {rrn}", self.pick("RRN", "参考号")));
        }
        if let Some(auth) = receipt.auth {
            add(format_args!("  {} {auth}", self.pick("auth", "授权码")));
        }
        line
    }

    /// What can be typed, and the transactions of the dialect.
    pub(super) fn help(self, spec: &Spec) -> String {
        let mut help = String::new();
        for (command, en, zh) in COMMANDS {
            let meaning = match self.0 {
                Lang::En => en,
                Lang::Zh => zh,
            };
            // Writing to a string cannot fail.
            let _written = writeln!(help, "  {command:<24} {meaning}");
        }
        let ordered = spec
            .flow()
            .kinds
            .iter()
            .filter(|kind| kind.purpose.moves_money() || kind.purpose == Purpose::Inquiry);
        let names: Vec<String> = ordered
            .map(|kind| match self.0 {
                Lang::En => kind.name.to_string(),
                Lang::Zh => format!("{} {}", kind.name, kind.title_zh),
            })
            .collect();
        let _written = writeln!(help, "{}:", spec.name());
        for line in folded(&names) {
            let _written = writeln!(help, "  {line}");
        }
        help
    }
}

/// Names on lines of some 90 columns, the Chinese ones counted double.
fn folded(names: &[String]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for name in names {
        if let Some(line) = lines.last_mut()
            && columns(line) + columns(name) < 88
        {
            let comma = if line.is_empty() { "" } else { ", " };
            line.push_str(comma);
            line.push_str(name);
        } else {
            lines.push(name.clone());
        }
    }
    lines
}

/// A time as it is typed: `10s`, `200ms`.
fn shown(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{}s", time.as_secs()),
        _ => format!("{}ms", time.as_millis()),
    }
}

/// Minor units as `100.00`.
fn yuan(amount: u64) -> String {
    format!("{}.{:02}", amount / 100, amount % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_reads_as_money() {
        let said = |amounts| PromptWords(Lang::En).balance(amounts);
        assert_eq!(said("1002156C000000012345"), "balance 123.45");
        assert_eq!(said("1002156D000000000001"), "balance -0.01");
        assert_eq!(
            said("short"),
            "balance short",
            "what is no balance is shown as it came"
        );
    }

    #[test]
    fn help_names_every_command_and_what_the_dialect_trades() {
        let spec = Spec::builtin("iso8583-1987-ascii").unwrap();
        insta::assert_snapshot!("help_en", PromptWords(Lang::En).help(&spec));
        insta::assert_snapshot!("help_zh", PromptWords(Lang::Zh).help(&spec));
    }
}
