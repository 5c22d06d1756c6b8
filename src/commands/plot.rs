//! `isotherm plot`.

mod curves;

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use super::results::{chosen, open};
use crate::{
    cli,
    error::{Error, count},
    output::{Look, Outlines, ResultFile, Shot, short},
};

/// The picture, where no other file is named.
const PICTURE: &str = "plot.png";

/// Pictures a second of an animation.
const PER_SECOND: u16 = 10;

/// Draws results, and says what was drawn.
///
/// # Errors
/// If they cannot be read, or the picture cannot be written.
pub fn plot(options: &cli::Plot) -> Result<String, Error> {
    let output = options.output.clone().unwrap_or(PathBuf::from(PICTURE));
    let is_png = |end: &OsStr| end.eq_ignore_ascii_case("png");
    if !output.extension().is_some_and(is_png) {
        let message = format!("{}: pictures are PNG files", output.display());
        return Err(Error::input(message).with_help("give --output a name that ends in .png"));
    }
    let what = if options.path.extension().is_some_and(|end| end == "csv") {
        options.of_curves()?;
        curves::draw(&options.path, &output)?
    } else {
        let file = open(&options.path)?;
        if file.times.is_empty() {
            let message = format!("{} has no frame", file.path().display());
            return Err(Error::input(message));
        }
        frames(options, &file, &output)?
    };
    Ok(format!("{}: {what}\n", output.display()))
}

fn frames(options: &cli::Plot, file: &ResultFile, output: &Path) -> Result<String, Error> {
    let mut look = Look {
        title: file.title.clone(),
        colormap: options.colormap.unwrap_or_default(),
        range: options.range.0,
        contours: options.contours,
    };
    let outlines = Outlines::read(file)?;
    if options.animate {
        let all = 0..file.times.len();
        let range = match look.range {
            Some(range) => range,
            None => common_range(file)?,
        };
        let shots = all.clone().map(|frame| Shot::read(file, frame));
        let per_second = options.fps.unwrap_or(PER_SECOND);
        let outlines = Some(&outlines);
        look.animate(output, &file.grid, outlines, range, shots, per_second)?;
        return Ok(format!(
            "{}, {}",
            count(all.len(), "frame"),
            in_words(range)
        ));
    }
    let frame = chosen(&options.which, file)?.unwrap_or(file.times.len() - 1);
    let shot = Shot::read(file, frame)?;
    let range = *look.range.get_or_insert_with(|| shot.range());
    look.write(output, &file.grid, Some(&outlines), &shot)?;
    let time = short(shot.time);
    Ok(format!("frame {frame}, t = {time} s, {}", in_words(range)))
}

/// The range of what pictures of all frames show.
fn common_range(file: &ResultFile) -> Result<[f64; 2], Error> {
    let mut common = [f64::INFINITY, f64::NEG_INFINITY];
    for frame in 0..file.times.len() {
        let [low, high] = Shot::read(file, frame)?.range();
        common = [common[0].min(low), common[1].max(high)];
    }
    Ok(common)
}

fn in_words(range: [f64; 2]) -> String {
    let [low, high] = range.map(short);
    format!("{low} K to {high} K")
}

impl cli::Plot {
    /// Refuses what does nothing with curves.
    fn of_curves(&self) -> Result<(), Error> {
        let given = [
            ("--frame", self.which.frame.is_some()),
            ("--time", self.which.time.is_some()),
            ("--animate", self.animate),
            ("--colormap", self.colormap.is_some()),
            ("--range", self.range.0.is_some()),
            ("--contours", self.contours.is_some()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("{name} does nothing with {}", self.path.display());
                let help = "it is for pictures of a field: leave it out, or give a fields.vtkhdf";
                Err(Error::input(message).with_help(help))
            }
        }
    }
}
