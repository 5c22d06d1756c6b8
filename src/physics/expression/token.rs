//! The words of an expression.

use crate::error::Error;

/// Two-character symbols come first, so that `<=` is not read as `<` and `=`.
const SYMBOLS: [&str; 16] = [
    "**", "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "^", "(", ")", ",", "=",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Name,
    Symbol,
}

/// A word and where it starts, counted in characters from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) position: usize,
}

/// The number that the text starts with: digits with at most one point, and an exponent.
pub(super) fn number(text: &str) -> Option<&str> {
    let digits_from = |start: usize| {
        text.as_bytes()[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let whole = digits_from(0);
    let mut end = whole;
    if text[end..].starts_with('.') {
        let fraction = digits_from(end + 1);
        if whole + fraction == 0 {
            return None;
        }
        end += 1 + fraction;
    }
    if end == 0 {
        return None;
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let digits = digits_from(end + 1 + sign);
        if digits > 0 {
            end += 1 + sign + digits;
        }
    }
    Some(&text[..end])
}

fn name(text: &str) -> Option<&str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    (end > 0).then(|| &text[..end])
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(character) = rest.chars().next() {
        let position = text[..text.len() - rest.len()].chars().count() + 1;
        let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
        let (kind, word) = if let Some(word) = number(rest) {
            (Kind::Number, word)
        } else if let Some(symbol) = symbol {
            (Kind::Symbol, symbol)
        } else if let Some(word) = name(rest) {
            (Kind::Name, word)
        } else {
            return Err(unexpected(character, position));
        };
        found.push(Token {
            kind,
            text: word,
            position,
        });
        rest = rest[word.len()..].trim_start();
    }
    Ok(found)
}

fn unexpected(character: char, position: usize) -> Error {
    let error = Error::input(format!(
        "`{}` at character {position} means nothing in an expression",
        character.escape_debug()
    ));
    match character {
        '&' => error.with_help("multiply two comparisons: (x > 0) * (y > 0)"),
        '|' => error.with_help("take the larger of two comparisons: max(x > 0, y > 0)"),
        '?' | ':' => error.with_help("multiply by a comparison, which is 0 or 1: 5 * (x > 0)"),
        '[' | ']' | '{' | '}' => error.with_help("group with round parentheses"),
        '%' => error.with_help("the remainder is mod(a, b)"),
        _ => error,
    }
}
