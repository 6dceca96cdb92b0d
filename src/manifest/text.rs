//! A text of the tree: short ones, which most are, lie in the tree itself and not beside it.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

/// Bytes that fit beside the length.
const SHORT: usize = 22;

/// Text that cannot change. Reads like a `&str`.
#[derive(Clone)]
pub struct Text(Kept);

#[derive(Clone)]
enum Kept {
    /// UTF-8 in the first `length` bytes; the rest are zero.
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    Long(Box<str>),
}

impl Text {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::Short { length, bytes } => {
                std::str::from_utf8(&bytes[..usize::from(*length)]).expect("copied from a `str`, whole")
            }
            Kept::Long(text) => text,
        }
    }

    /// The bytes of the text: cheaper than the text itself where a comparison is all that is wanted.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Kept::Short { length, bytes } => &bytes[..usize::from(*length)],
            Kept::Long(text) => text.as_bytes(),
        }
    }

    fn short(text: &str) -> Option<Self> {
        let length = u8::try_from(text.len()).ok()?;
        let mut bytes = [0; SHORT];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Self(Kept::Short { length, bytes }))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::short(text).unwrap_or_else(|| Self(Kept::Long(text.into())))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::short(&text).unwrap_or_else(|| Self(Kept::Long(text.into_boxed_str())))
    }
}

impl From<Box<str>> for Text {
    fn from(text: Box<str>) -> Self {
        Self::short(&text).unwrap_or(Self(Kept::Long(text)))
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<std::borrow::Cow<'_, str>> for Text {
    fn from(text: std::borrow::Cow<'_, str>) -> Self {
        match text {
            std::borrow::Cow::Borrowed(text) => text.into(),
            std::borrow::Cow::Owned(text) => text.into(),
        }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        match text.0 {
            Kept::Long(text) => text.into_string(),
            Kept::Short { .. } => text.as_str().to_owned(),
        }
    }
}

impl From<Text> for Box<str> {
    fn from(text: Text) -> Self {
        match text.0 {
            Kept::Long(text) => text,
            Kept::Short { .. } => text.as_str().into(),
        }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Kept::Short { length: 0, bytes: [0; SHORT] })
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Text {}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self == *other
    }
}

impl PartialEq<Box<str>> for Text {
    fn eq(&self, other: &Box<str>) -> bool {
        self == &**other
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        // for UTF-8 the order of bytes is the order of characters
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_any_length_come_back_and_compare_as_text() {
        let texts: Vec<String> = (0..60).map(|length| "é".repeat(length / 2) + &"x".repeat(length % 3)).collect();
        for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
            let (kept, kept_other) = (Text::from(one.as_str()), Text::from(other.clone()));
            assert_eq!(kept.as_str(), one);
            assert_eq!(String::from(kept_other.clone()), *other);
            assert_eq!(kept == kept_other, one == other);
            assert_eq!(kept.cmp(&kept_other), one.cmp(other));
        }
        assert_eq!(Text::default().as_str(), "");
    }

    #[test]
    fn the_tree_stays_small() {
        assert_eq!(size_of::<Text>(), 24);
        assert!(size_of::<crate::manifest::Node>() <= 40, "{}", size_of::<crate::manifest::Node>());
        assert!(size_of::<crate::manifest::Entry>() <= 72, "{}", size_of::<crate::manifest::Entry>());
    }
}
