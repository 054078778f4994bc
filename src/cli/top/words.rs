//! What stands on the screen, in both languages.

use crate::engine::trace::Lang;

/// One of two texts.
pub(super) const fn word(lang: Lang, en: &'static str, zh: &'static str) -> &'static str {
    match lang {
        Lang::En => en,
        Lang::Zh => zh,
    }
}

/// All keys, each with what it does.
pub(super) const fn keys(lang: Lang) -> &'static [(&'static str, &'static str)] {
    match lang {
        Lang::En => &[
            ("up, down", "choose a line; page up, page down, home, end"),
            (
                "enter",
                "what became of this payment, and what is safe to do",
            ),
            ("o", "what is open: money whose place is not proven"),
            ("f", "the faults: enter switches one on, or off"),
            ("h", "among the faults: heal everything"),
            ("l", "the language"),
            ("esc", "back to the last payments"),
            ("q", "end"),
        ],
        Lang::Zh => &[
            ("↑ ↓", "选择一行; 也可用 PgUp PgDn Home End"),
            ("回车", "查看该笔交易的结论与下一步"),
            ("o", "未确认清单: 资金去向尚未证实"),
            ("f", "故障: 回车开启或关闭"),
            ("h", "在故障页: 全部恢复"),
            ("l", "切换语言"),
            ("esc", "返回最近交易"),
            ("q", "退出"),
        ],
    }
}
