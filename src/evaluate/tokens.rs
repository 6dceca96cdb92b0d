//! Tokens: the words and signs of a policy's text, each with its place, as regorus' lexer reads them.

use std::num::NonZeroU32;

use regorus::unstable::{Lexer, Source, TokenKind};

/// A token: what it is, and where.
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// First byte; the quote of a string is left out.
    pub(super) start: usize,
    /// One past the last, likewise.
    pub(super) end: usize,
}

impl Token {
    /// What stands there. Nothing for a string, which may look like a keyword or a sign, and is neither.
    pub(super) fn word<'a>(&self, text: &'a str) -> &'a str {
        if self.is_string() { "" } else { text.get(self.start..self.end).unwrap_or_default() }
    }

    pub(super) fn is_name(&self) -> bool {
        self.kind == TokenKind::Ident
    }

    pub(super) fn is_string(&self) -> bool {
        matches!(self.kind, TokenKind::String | TokenKind::RawString)
    }
}

/// All tokens of a text; the error of the lexer where it cannot be read to its end.
pub(super) fn tokens(source: &Source, longest_line: NonZeroU32) -> Result<Vec<Token>, String> {
    let mut lexer = Lexer::new(source);
    lexer.set_max_col(longest_line);
    let mut found = Vec::new();
    loop {
        let token = lexer.next_token().map_err(|error| error.to_string())?;
        let (start, end) = (token.1.start as usize, token.1.end as usize);
        match token.0 {
            TokenKind::Eof => return Ok(found),
            kind => found.push(Token { kind, start, end }),
        }
    }
}
