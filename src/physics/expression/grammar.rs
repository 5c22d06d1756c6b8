//! The grammar of expressions: from text to text with all its parentheses.
//!
//! The compiler behind binds a sign more tightly than a power, gives `/` and `*`
//! different priorities, and reads some texts that mean nothing. So the grammar is decided
//! here: each operation is written out in parentheses, a function of two arguments as an
//! infix operator, and nothing is left for the compiler to decide.

use super::{
    Variable,
    functions::{BINARY, CONSTANTS, NEGATE, UNARY},
    token::{Kind, Token, tokens},
};
use crate::error::{Error, nearest};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 64;

type Result<T> = std::result::Result<T, Error>;

/// Checks the text and writes it with all its parentheses.
pub(super) fn canonical(text: &str, allowed: &[Variable]) -> Result<String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(Error::input("the expression is empty"));
    }
    let mut parser = Parser {
        tokens: &tokens,
        next: 0,
        depth: 0,
        allowed,
    };
    let written = parser.comparison()?;
    match parser.peek() {
        None => Ok(written),
        Some(token) => Err(parser.stray(token)),
    }
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
    depth: usize,
    allowed: &'a [Variable],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.next).copied()
    }

    fn at(&self, symbol: &str) -> bool {
        self.peek()
            .is_some_and(|token| token.kind == Kind::Symbol && token.text == symbol)
    }

    /// Passes over the next word if it is one of the symbols.
    fn take(&mut self, symbols: &[&'static str]) -> Option<&'static str> {
        let found = symbols.iter().copied().find(|symbol| self.at(symbol))?;
        self.next += 1;
        Some(found)
    }

    fn comparison(&mut self) -> Result<String> {
        const SIGNS: [&str; 6] = ["<=", ">=", "==", "!=", "<", ">"];
        let left = self.sum()?;
        let Some(sign) = self.take(&SIGNS) else {
            return Ok(left);
        };
        let right = self.sum()?;
        if SIGNS.into_iter().any(|sign| self.at(sign)) {
            return Err(
                Error::input("two comparisons in a row have no clear meaning")
                    .with_help("multiply them: (0 < x) * (x < 1)"),
            );
        }
        Ok(format!("({left} {sign} {right})"))
    }

    fn sum(&mut self) -> Result<String> {
        let mut left = self.product()?;
        while let Some(sign) = self.take(&["+", "-"]) {
            left = format!("({left} {sign} {})", self.product()?);
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<String> {
        let mut left = self.signed()?;
        while let Some(sign) = self.take(&["*", "/"]) {
            left = format!("({left} {sign} {})", self.signed()?);
        }
        Ok(left)
    }

    /// A sign binds less tightly than a power: `-x^2` is `-(x^2)`.
    fn signed(&mut self) -> Result<String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Error::input(format!(
                "the expression is nested more than {MAX_DEPTH} levels deep"
            )));
        }
        let written = match self.take(&["-", "+"]) {
            Some("-") => format!("{NEGATE}({})", self.signed()?),
            Some(_) => self.signed()?,
            None => self.power()?,
        };
        self.depth -= 1;
        Ok(written)
    }

    /// Powers group from the right, as in mathematics: `2^3^2` is `2^(3^2)`.
    fn power(&mut self) -> Result<String> {
        let base = self.value()?;
        match self.take(&["^", "**"]) {
            Some(_) => Ok(format!("({base} ^ {})", self.signed()?)),
            None => Ok(base),
        }
    }

    fn value(&mut self) -> Result<String> {
        let Some(token) = self.peek() else {
            let last = self.tokens[self.tokens.len() - 1];
            return Err(Error::input(format!(
                "the expression ends after `{}`, where a value is missing",
                last.text
            )));
        };
        self.next += 1;
        match token.kind {
            Kind::Number => number(token),
            Kind::Name => self.name(token),
            Kind::Symbol if token.text == "(" => {
                let inner = self.comparison()?;
                self.close(token)?;
                Ok(inner)
            }
            Kind::Symbol if token.text == ")" && !self.inside_parenthesis() => {
                Err(self.stray(token))
            }
            Kind::Symbol => Err(Error::input(format!(
                "`{}` at character {} stands where a value is missing",
                token.text, token.position
            ))),
        }
    }

    /// Whether a parenthesis opened before the word just read is still open there.
    fn inside_parenthesis(&self) -> bool {
        let before = &self.tokens[..self.next - 1];
        let count = |symbol| before.iter().filter(|token| token.text == symbol).count();
        count("(") > count(")")
    }

    fn name(&mut self, token: Token<'a>) -> Result<String> {
        let name = token.text;
        if let Some((_, value)) = CONSTANTS.into_iter().find(|(known, _)| *known == name) {
            return Ok(format!("{value:?}"));
        }
        if let Some(variable) = Variable::named(name) {
            return if self.allowed.contains(&variable) {
                Ok(name.to_owned())
            } else {
                Err(self.not_here(variable))
            };
        }
        let unary = UNARY.iter().any(|(known, _)| *known == name);
        let binary = BINARY.iter().any(|(known, _)| *known == name);
        if !unary && !binary {
            return Err(self.unknown(name));
        }
        if !self.at("(") {
            return Err(Error::input(format!(
                "`{name}` at character {} is a function without its arguments",
                token.position
            ))
            .with_help(format!("write {name}(...)")));
        }
        let arguments = self.arguments()?;
        match (&arguments[..], unary) {
            ([argument], true) => Ok(format!("{name}({argument})")),
            ([first, second], false) => Ok(format!("({first} {name} {second})")),
            // Of any number of values there is one smallest and one largest.
            ([first, rest @ ..], false) if !rest.is_empty() && matches!(name, "min" | "max") => {
                Ok(rest.iter().fold(first.clone(), |left, right| {
                    format!("({left} {name} {right})")
                }))
            }
            _ => Err(Error::input(format!(
                "`{name}` takes {}, not {}",
                if unary {
                    "one argument"
                } else {
                    "two arguments"
                },
                arguments.len()
            ))),
        }
    }

    fn arguments(&mut self) -> Result<Vec<String>> {
        let open = self.tokens[self.next];
        self.next += 1;
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.comparison()?);
            if self.take(&[","]).is_none() {
                self.close(open)?;
                return Ok(arguments);
            }
        }
    }

    fn close(&mut self, open: Token<'_>) -> Result<()> {
        if self.take(&[")"]).is_some() {
            return Ok(());
        }
        Err(match self.peek() {
            Some(token) => self.stray(token),
            None => Error::input(format!(
                "the parenthesis opened at character {} is never closed",
                open.position
            )),
        })
    }

    /// Why this word cannot follow a complete value.
    fn stray(&self, token: Token<'_>) -> Error {
        let position = token.position;
        match token.text {
            ")" => Error::input(format!(
                "the parenthesis closed at character {position} was never opened"
            )),
            "," => Error::input(format!(
                "the comma at character {position} is not between a function's arguments"
            ))
            .with_help("decimals are written with a point"),
            "=" => Error::input(format!("`=` at character {position} compares nothing"))
                .with_help("equality is written `==`"),
            text => {
                let before = self
                    .next
                    .checked_sub(1)
                    .map_or("", |index| self.tokens[index].text);
                Error::input(format!(
                    "an operator is missing between `{before}` and `{text}` at character {position}"
                ))
                .with_help(format!("to multiply, write {before} * {text}"))
            }
        }
    }

    fn not_here(&self, variable: Variable) -> Error {
        let name = variable.name();
        let meaning = match variable {
            Variable::T => "time",
            Variable::X | Variable::Y => "position",
        };
        Error::input(format!("`{name}` ({meaning}) cannot be used here"))
            .with_help(self.variables())
    }

    fn unknown(&self, name: &str) -> Error {
        let variables = self.allowed.iter().map(|variable| variable.name());
        let known = variables
            .chain(CONSTANTS.map(|(known, _)| known))
            .chain(UNARY.map(|(known, _)| known))
            .chain(BINARY.map(|(known, _)| known));
        let help = match (name, nearest(name, known)) {
            ("if", _) => "multiply by a comparison, which is 0 or 1: 5 * (x > 0)".to_owned(),
            (_, Some(known)) => format!("did you mean `{known}`? {}", self.variables()),
            (_, None) => self.variables(),
        };
        Error::input(format!("`{name}` is not known in an expression")).with_help(help)
    }

    fn variables(&self) -> String {
        if self.allowed.is_empty() {
            return "no variables may be used here".to_owned();
        }
        let names: Vec<_> = self.allowed.iter().map(|known| known.name()).collect();
        format!("variables here: {}", names.join(", "))
    }
}

fn number(token: Token<'_>) -> Result<String> {
    let value = token.text.parse().unwrap_or(f64::INFINITY);
    if value.is_infinite() {
        return Err(Error::input(format!(
            "the number {} is too large",
            token.text
        )));
    }
    Ok(format!("{value:?}"))
}
