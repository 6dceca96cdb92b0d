//! The encoding of SSH: numbers in network order, and strings with their length before them.

/// Reads from the front of bytes. Every step fails on bytes that end too early.
pub(in crate::sign) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(in crate::sign) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(in crate::sign) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(in crate::sign) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(in crate::sign) fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    pub(in crate::sign) fn long(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_be_bytes)
    }

    pub(in crate::sign) fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    pub(in crate::sign) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.string()?).ok()
    }

    /// What is left.
    pub(in crate::sign) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Whether nothing is left.
    pub(in crate::sign) fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }
}

/// Appends a number.
pub(in crate::sign) fn put_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// Appends a string.
pub(in crate::sign) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, u32::try_from(bytes.len()).expect("keys, names and signatures are far smaller than 4 GiB"));
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_is_read_and_nothing_beyond_the_end() {
        let mut bytes = vec![7];
        put_string(&mut bytes, b"abc");
        put_number(&mut bytes, 9);
        let mut reader = Reader::new(&bytes);
        assert_eq!((reader.byte(), reader.text(), reader.number()), (Some(7), Some("abc"), Some(9)));
        assert!(reader.is_at_end() && reader.byte().is_none() && reader.string().is_none());
        assert_eq!(Reader::new(&[0xff, 0xff, 0xff, 0xff, 1]).string(), None);
    }
}
