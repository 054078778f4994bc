//! Two languages, always side by side: whoever stands at the counter reads one of them.

/// The language of verdicts and of response-code names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// 中文.
    Zh,
}

/// A sentence in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// In English.
    pub en: String,
    /// In Chinese.
    pub zh: String,
}

impl Said {
    /// The same in both: numbers, codes, keys.
    #[must_use]
    pub fn same(text: impl Into<String>) -> Self {
        let en = text.into();
        Self { zh: en.clone(), en }
    }

    /// In one language.
    #[must_use]
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }

    /// This and `more`, as a list.
    #[must_use]
    pub(super) fn beside(self, more: &Self) -> Self {
        Self {
            en: self.en + ", " + &more.en,
            zh: self.zh + ", " + &more.zh,
        }
    }

    /// This, and then `more`.
    #[must_use]
    pub fn and(self, more: &Self) -> Self {
        Self {
            en: self.en + "; " + &more.en,
            zh: self.zh + "; " + &more.zh,
        }
    }
}

/// A sentence with places for values, `{name}`, in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// In English.
    pub en: &'static str,
    /// In Chinese.
    pub zh: &'static str,
}

impl Phrase {
    /// The same thing said twice.
    #[must_use]
    pub const fn new(en: &'static str, zh: &'static str) -> Self {
        Self { en, zh }
    }

    /// Without values.
    #[must_use]
    pub fn plain(self) -> Said {
        self.fill(&[])
    }

    /// With its values in place.
    #[must_use]
    pub fn fill(self, values: &[(&str, Said)]) -> Said {
        let (mut en, mut zh) = (self.en.to_owned(), self.zh.to_owned());
        for (name, value) in values {
            let place = format!("{{{name}}}");
            en = en.replace(&place, &value.en);
            zh = zh.replace(&place, &value.zh);
        }
        Said { en, zh }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_their_places_in_both_languages() {
        let said = Phrase::new("no answer in {t}s", "{t}秒未应答").fill(&[("t", Said::same("45"))]);
        assert_eq!(
            (said.in_lang(Lang::En), said.in_lang(Lang::Zh)),
            ("no answer in 45s", "45秒未应答")
        );
    }
}
