//! A deck as lines of words.

use std::ops::Range;

use crate::config::problems::{Origin, Problem};

const BEGIN: &str = "*tea";
const END: &str = "*endtea";

/// A word in lower case, and the bytes of the file where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub text: String,
    pub at: Range<usize>,
}

impl Word {
    /// What is wrong with it.
    pub fn problem(&self, message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem {
            origin: Origin::File(self.at.clone()),
            path: self.text.clone(),
            message: message.into(),
            help: Some(help.into()),
        }
    }
}

/// The word that begins the first deck in a text.
pub fn begins(text: &str) -> Option<Word> {
    lines_of(text)
        .filter_map(|line| line.into_iter().next())
        .find(|word| word.text == BEGIN)
}

/// The lines of the first deck in a text, as far as they have words, and the word it begins with.
pub fn lines(text: &str) -> Result<(Word, Vec<Vec<Word>>), Problem> {
    let begin = begins(text).expect("only decks are read as such");
    let start = begin.at.start;
    let before = |line: &Vec<Word>| line.first().is_none_or(|word| word.at.start < start);
    let mut inside = Vec::new();
    for mut line in lines_of(text).skip_while(before) {
        match line.first() {
            Some(word) if word.text == END => return Ok((begin, inside)),
            Some(word) if word.at.start == start => {
                line.remove(0);
            }
            _ => {}
        }
        if !line.is_empty() {
            inside.push(line);
        }
    }
    Err(begin.problem(
        format!("has no {END}"),
        format!("end the deck with a line {END}"),
    ))
}

/// All lines of a text without their comments.
fn lines_of(text: &str) -> impl Iterator<Item = Vec<Word>> {
    text.lines().map(move |line| {
        let code = line.split(['!', ';']).next().unwrap_or_default();
        let words = code.split(|c: char| c.is_whitespace() || c.is_control() || "=,".contains(c));
        let words = words.filter(|word| !word.is_empty());
        words
            .map(|word| {
                let start = word.as_ptr().addr() - text.as_ptr().addr();
                Word {
                    text: word.to_lowercase(),
                    at: start..start + word.len(),
                }
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<(String, &str)>> {
        let lines = lines(text).unwrap().1;
        let word = |word: Word| (word.text, &text[word.at]);
        lines
            .into_iter()
            .map(|line| line.into_iter().map(word).collect())
            .collect()
    }

    #[test]
    fn words_stand_between_blanks_equals_and_commas() {
        let text = "état\n\n  *TEA ! begins\r\nX_cells=10,y_cells \t= 20;z\n ! none\n*endtea\nend";
        let expected = [
            ("x_cells", "X_cells"),
            ("10", "10"),
            ("y_cells", "y_cells"),
            ("20", "20"),
        ];
        let expected = expected.map(|(text, at)| (text.to_owned(), at));
        assert_eq!(words(text), [expected]);
    }

    #[test]
    fn only_a_line_that_begins_with_it_begins_a_deck() {
        assert!(begins("title = \"*tea\"\n# *tea").is_none());
        assert!(begins("*teapot").is_none());
        assert!(begins("! a deck\n *tea").is_some());
    }

    #[test]
    fn a_deck_has_an_end() {
        let problem = lines("*tea\nend_step=1\n*end").unwrap_err();
        assert_eq!(problem.to_string(), "*tea: has no *endtea");
    }
}
