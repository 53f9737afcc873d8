//! The reader's language: `?lang=`, else the browser's wish, else Chinese.

use std::convert::Infallible;
use std::fmt;

use axum::extract::{FromRequestParts, Query};
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use serde::Deserialize;

use super::receipt_texts::{self, ReceiptTexts};
use super::texts::{EN, Texts, ZH_CN};

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    /// 简体中文.
    #[default]
    ZhCn,
    /// English.
    En,
}

impl Language {
    pub(crate) fn texts(self) -> &'static Texts {
        match self {
            Self::ZhCn => &ZH_CN,
            Self::En => &EN,
        }
    }

    pub(crate) fn receipt_texts(self) -> &'static ReceiptTexts {
        match self {
            Self::ZhCn => &receipt_texts::ZH_CN,
            Self::En => &receipt_texts::EN,
        }
    }

    /// One of two texts.
    pub(crate) fn of<'t>(self, zh_cn: &'t str, en: &'t str) -> &'t str {
        match self {
            Self::ZhCn => zh_cn,
            Self::En => en,
        }
    }

    /// The other one, to switch to.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::ZhCn => Self::En,
            Self::En => Self::ZhCn,
        }
    }

    fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        if primary.eq_ignore_ascii_case("zh") {
            Some(Self::ZhCn)
        } else if primary.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else {
            None
        }
    }

    /// The most wanted language that we have (RFC 9110, 12.5.4).
    fn from_header(header: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Self)> = Vec::new();
        for item in header.split(',').take(20) {
            let mut parts = item.split(';').map(str::trim);
            let Some(language) = parts.next().and_then(Self::from_tag) else {
                continue;
            };
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Ok(1.0), str::parse)
                .unwrap_or(0.0);
            if weight > 0.0 {
                wanted.push((weight, language));
            }
        }
        // Stable: of equal weights the first one wins.
        wanted.sort_by(|a, b| b.0.total_cmp(&a.0));
        wanted.first().map(|(_, language)| *language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ZhCn => "zh-CN",
            Self::En => "en",
        })
    }
}

#[derive(Deserialize)]
struct Wish {
    lang: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let wish = Query::<Wish>::try_from_uri(&parts.uri)
            .ok()
            .and_then(|Query(wish)| wish.lang);
        if let Some(language) = wish.as_deref().and_then(Self::from_tag) {
            return Ok(language);
        }
        let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(header.and_then(Self::from_header).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn the_most_wanted_language_wins() {
        let chosen = |header| Language::from_header(header);
        assert_eq!(chosen("en-GB,en;q=0.9,zh;q=0.8"), Some(Language::En));
        assert_eq!(chosen("fr, zh-TW;q=0.7, en;q=0.3"), Some(Language::ZhCn));
        assert_eq!(chosen("en;q=0, zh;q=0.1"), Some(Language::ZhCn));
        assert_eq!(chosen("fr-FR"), None);
        assert_eq!(chosen(""), None);
    }
}
