//! The syntax that `dhcpd.conf` and `dhcpd.leases` share: statements of words, ended by a semicolon or
//! by a block of statements.

use std::fmt;

/// Blocks within blocks, at most; dhcpd's own files need five.
const MAX_DEPTH: usize = 32;

/// One word of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its bytes, escapes resolved: a quoted text may hold any.
    pub bytes: Vec<u8>,
    /// Whether it stood in quotation marks.
    pub quoted: bool,
}

impl Word {
    /// The word as text; bytes that are no text are replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The bytes it stands for: those of a quoted text, or hexadecimal ones with colons between them.
    pub fn octets(&self) -> Option<Vec<u8>> {
        if self.quoted {
            return Some(self.bytes.clone());
        }
        self.text().split(':').map(|digits| u8::from_str_radix(digits, 16).ok()).collect()
    }

    /// Whether it is this keyword; keywords are never quoted, and their case does not matter.
    pub fn is(&self, keyword: &str) -> bool {
        !self.quoted && self.bytes.eq_ignore_ascii_case(keyword.as_bytes())
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The line it begins in, from 1.
    pub line: usize,
    /// Its words; commas, parentheses and equals signs are words of their own.
    pub words: Vec<Word>,
    /// What stands in its braces, if it has any.
    pub block: Option<Vec<Statement>>,
}

impl Statement {
    /// Whether it begins with these keywords.
    pub fn begins(&self, keywords: &[&str]) -> bool {
        self.words.len() >= keywords.len()
            && self.words.iter().zip(keywords).all(|(word, keyword)| word.is(keyword))
    }

    /// The statements in its braces; none without braces.
    pub fn inner(&self) -> &[Self] {
        self.block.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for Statement {
    /// In one line, for messages; what is in the braces is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let space = if index > 0 && !word.is(",") { " " } else { "" };
            let quote = if word.quoted { "\"" } else { "" };
            write!(f, "{space}{quote}{}{quote}", word.text().escape_debug())?;
        }
        f.write_str(if self.block.is_some() { " {...}" } else { ";" })
    }
}

/// Where and why a file cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

enum Token {
    Word(Word),
    Open,
    Close,
    Semicolon,
}

/// The statements of a file, one after the other: a lease file may be larger than one wants to have
/// in memory as statements.
pub struct Statements<'a> {
    rest: &'a [u8],
    line: usize,
    /// Where the statement at hand begins that is in no block.
    outermost: usize,
    failed: bool,
}

impl<'a> Statements<'a> {
    /// The statements of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, line: 1, outermost: 1, failed: false }
    }

    fn error<T>(&self, problem: impl Into<String>) -> Result<T, SyntaxError> {
        Err(SyntaxError { line: self.line, problem: problem.into() })
    }

    fn bump(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        self.line += usize::from(*first == b'\n');
        Some(*first)
    }

    fn skip_blanks(&mut self) {
        while let Some(byte) = self.rest.first() {
            match byte {
                b'#' => while self.bump().is_some_and(|byte| byte != b'\n') {},
                byte if byte.is_ascii_whitespace() => {
                    self.bump();
                }
                _ => return,
            }
        }
    }

    fn token(&mut self) -> Result<Option<Token>, SyntaxError> {
        self.skip_blanks();
        let Some(first) = self.rest.first().copied() else { return Ok(None) };
        let token = match first {
            b'{' => Token::Open,
            b'}' => Token::Close,
            b';' => Token::Semicolon,
            b'"' => return self.quoted().map(|word| Some(Token::Word(word))),
            b',' | b'(' | b')' | b'=' => Token::Word(Word { bytes: vec![first], quoted: false }),
            _ => return Ok(Some(Token::Word(self.bare()))),
        };
        self.bump();
        Ok(Some(token))
    }

    fn bare(&mut self) -> Word {
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"{};\",()=#".contains(byte);
        let length = self.rest.iter().position(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Word { bytes: word.to_vec(), quoted: false }
    }

    fn quoted(&mut self) -> Result<Word, SyntaxError> {
        self.bump();
        let mut bytes = Vec::new();
        loop {
            match self.bump() {
                Some(b'"') => return Ok(Word { bytes, quoted: true }),
                Some(b'\\') => bytes.extend(self.escape()?),
                Some(byte) => bytes.push(byte),
                None => return self.error("a text in quotation marks does not end"),
            }
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<Option<u8>, SyntaxError> {
        let Some(first) = self.bump() else { return self.error("the file ends with a backslash") };
        Ok(Some(match first {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            // A text goes on in the next line.
            b'\n' => return Ok(None),
            b'x' => self.digits(0, 2, 16)?,
            b'0'..=b'7' => self.digits(u32::from(first - b'0'), 2, 8)?,
            other => other,
        }))
    }

    fn digits(&mut self, mut value: u32, most: usize, radix: u32) -> Result<u8, SyntaxError> {
        for _ in 0..most {
            let digit = self.rest.first().and_then(|byte| char::from(*byte).to_digit(radix));
            let Some(digit) = digit else { break };
            self.bump();
            value = value * radix + digit;
        }
        match u8::try_from(value) {
            Ok(byte) => Ok(byte),
            Err(_) => self.error(format!("the escape for {value} is no byte")),
        }
    }

    /// A statement, or `None` where a block or the file ends.
    fn statement(&mut self, depth: usize) -> Result<Option<Statement>, SyntaxError> {
        if depth > MAX_DEPTH {
            return self.error(format!("more than {MAX_DEPTH} blocks within each other"));
        }
        self.skip_blanks();
        let line = self.line;
        if depth == 0 {
            self.outermost = line;
        }
        let mut words = Vec::new();
        loop {
            let block = match self.token()? {
                Some(Token::Word(word)) => {
                    words.push(word);
                    continue;
                }
                // An empty statement means nothing.
                Some(Token::Semicolon) if words.is_empty() => continue,
                Some(Token::Semicolon) => None,
                Some(Token::Open) => Some(self.block(depth)?),
                Some(Token::Close) if depth == 0 => return self.error("a `}` without its `{`"),
                Some(Token::Close) if words.is_empty() => return Ok(None),
                Some(Token::Close) => return self.error("a `;` is missing before `}`"),
                None if depth == 0 && words.is_empty() => return Ok(None),
                None => {
                    let began = self.outermost;
                    return self.error(format!("the file ends in what began in line {began}"));
                }
            };
            return Ok(Some(Statement { line, words, block }));
        }
    }

    fn block(&mut self, depth: usize) -> Result<Vec<Statement>, SyntaxError> {
        let mut statements = Vec::new();
        while let Some(statement) = self.statement(depth + 1)? {
            statements.push(statement);
        }
        Ok(statements)
    }
}

impl Iterator for Statements<'_> {
    type Item = Result<Statement, SyntaxError>;

    /// The next statement. Nothing follows an error: what comes after it could mean anything.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = self.statement(0).transpose();
        self.failed = matches!(next, Some(Err(_)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<Statement>, SyntaxError> {
        Statements::new(text.as_bytes()).collect()
    }

    #[test]
    fn statements_have_words_and_blocks() {
        let all =
            parse("# a\nsubnet 10.0.0.0 netmask 255.0.0.0 {\n  range 10.0.0.1 10.0.0.9; }\nx;")
                .expect("good");
        assert_eq!(all.len(), 2);
        assert!(all[0].begins(&["SUBNET", "10.0.0.0"]));
        assert_eq!((all[0].line, all[0].inner()[0].line, all[1].line), (2, 3, 4));
        assert_eq!(all[0].inner()[0].to_string(), "range 10.0.0.1 10.0.0.9;");
        assert_eq!(all[0].to_string(), "subnet 10.0.0.0 netmask 255.0.0.0 {...}");
        assert_eq!(all[1].block, None);
    }

    #[test]
    fn texts_may_hold_any_byte() {
        let all = parse(r#"uid "\001a\\\"\x7f;{}#\377";"#).expect("good");
        assert_eq!(all[0].words[1].bytes, b"\x01a\\\"\x7f;{}#\xff");
        assert!(all[0].words[1].quoted);
        assert!(!parse("\"free\";").expect("good")[0].words[0].is("free"));
    }

    #[test]
    fn commas_parentheses_and_equals_signs_are_words() {
        let all = parse("set a=concat(b, \"c\");").expect("good");
        let words: Vec<_> = all[0].words.iter().map(Word::text).collect();
        assert_eq!(words, ["set", "a", "=", "concat", "(", "b", ",", "c", ")"]);
    }

    #[test]
    fn what_does_not_end_is_told_with_its_line() {
        for (text, line, words) in [
            ("a;\nlease 1 {\n b", 3, "line 2"),
            ("a \"b", 1, "quotation"),
            ("a }", 1, "`}`"),
            ("{ a }", 1, "`;` is missing"),
            ("a \"\\777\";", 1, "511"),
            ("\n\na \"\\", 3, "backslash"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.line, line, "{text:?}");
            assert!(error.problem.contains(words), "{error}");
        }
        let deep = "a {".repeat(100_000);
        assert!(parse(&deep).expect_err("too deep").problem.contains("32"));
    }

    #[test]
    fn nothing_follows_an_error() {
        let mut statements = Statements::new(b"} a;");
        assert!(statements.next().is_some_and(|first| first.is_err()));
        assert_eq!(statements.next(), None);
    }
}
