//! Pictures of a field: `final.png`, the last state of a run, with the same bytes from every layout, and
//! those of frames of a file.

mod contours;
mod figure;
mod lattice;
mod outlines;
mod sampling;

use std::path::{Path, PathBuf};

use self::{figure::Figure, lattice::Lattice, sampling::sample};
use super::{
    ResultFile,
    canvas::{Animation, encode},
    run_directory::write_whole,
    short,
};
use crate::{
    comm::agree,
    error::{Error, Kind},
    field::Real,
    grid::Grid,
    simulation::{Flow, Moment, Observer, Schedule, View},
};

pub use figure::Colormap;
pub use outlines::Outlines;

/// More contour lines than this are taken for a mistake.
pub const MOST_CONTOURS: usize = 50;

/// How the picture looks.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub title: String,
    pub colormap: Colormap,
    /// Temperatures in K at the ends of the colour bar; the extremes of what is shown where absent.
    pub range: Option<[f64; 2]>,
    /// About so many contour lines, at most [`MOST_CONTOURS`], at round temperatures; none where absent.
    pub contours: Option<usize>,
}

/// A state at the cells that a picture shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Shot {
    /// In s.
    pub time: f64,
    /// In K, x varying fastest, the lowest row first.
    values: Vec<f64>,
}

impl Shot {
    /// Least and greatest value in K, those that are no numbers left out.
    #[must_use]
    pub fn range(&self) -> [f64; 2] {
        let none = [f64::INFINITY, f64::NEG_INFINITY];
        (self.values.iter()).fold(none, |[low, high], &value| {
            [low.min(value), high.max(value)]
        })
    }
}

impl Look {
    /// Writes the picture of a state on a grid as a PNG file, over the outlines of materials.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written.
    pub fn write(
        &self,
        path: &Path,
        grid: &Grid,
        outlines: Option<&Outlines>,
        shot: &Shot,
    ) -> Result<(), Error> {
        let range = self.range.unwrap_or_else(|| shot.range());
        let figure = Figure::new(self, grid, range, outlines);
        let words = format!("temperature in K at t = {} s", short(shot.time));
        let images = [Ok(figure.draw(shot))];
        let bytes = encode(images, [&self.title, &words], None)?;
        write_whole(path, &bytes)
    }

    /// Writes the pictures of states, at least one, over one range in K as an animated PNG file, so many
    /// `per_second`.
    ///
    /// # Errors
    /// [`crate::error::Kind::Storage`] if it cannot be written, or what `shots` brings.
    pub fn animate(
        &self,
        path: &Path,
        grid: &Grid,
        outlines: Option<&Outlines>,
        range: [f64; 2],
        shots: impl ExactSizeIterator<Item = Result<Shot, Error>>,
        per_second: u16,
    ) -> Result<(), Error> {
        let figure = Figure::new(self, grid, range, outlines);
        let animation = Animation {
            images: shots.len(),
            per_second,
        };
        let images = shots.map(|shot| Ok(figure.draw(&shot?)));
        let words = "temperature in K over time";
        let bytes = encode(images, [&self.title, words], Some(animation))?;
        write_whole(path, &bytes)
    }
}

/// Draws the field at the end of the run.
pub struct Picture {
    schedule: Schedule,
    path: PathBuf,
    look: Look,
    /// The file of frames, if it holds the medium.
    medium: Option<PathBuf>,
}

impl Picture {
    /// Will write the image `path`, with the outlines of materials if `medium`, the file of frames, holds
    /// their conductivities by then.
    #[must_use]
    pub fn new(path: &Path, look: Look, medium: Option<PathBuf>) -> Self {
        Self {
            schedule: Schedule::with_ends(None),
            path: path.to_path_buf(),
            look,
            medium,
        }
    }

    fn write(&self, grid: &Grid, shot: &Shot) -> Result<(), Error> {
        let read = |path: &PathBuf| Outlines::read(&ResultFile::open(path)?);
        let outlines = self.medium.as_ref().map(read).transpose();
        // What the run itself wrote is no input.
        let outlines = outlines.map_err(|error| Error {
            kind: Kind::Storage,
            ..error
        })?;
        self.look.write(&self.path, grid, outlines.as_ref(), shot)
    }
}

impl<T: Real> Observer<T> for Picture {
    fn name(&self) -> &'static str {
        "picture"
    }

    fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    fn observe(&mut self, view: &View<'_, T>) -> Result<Flow, Error> {
        if view.moment != Moment::End {
            return Ok(Flow::Continue);
        }
        let grid = &view.domain.grid;
        let shot = sample(view, &Lattice::new(grid));
        let written = shot.map_or(Ok(()), |shot| self.write(grid, &shot));
        agree(view.comm, written)?;
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::{LAYOUTS, Run, grid, temperature};

    fn picture(ranks: [usize; 2], grid: Grid, contours: Option<usize>) -> Vec<u8> {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("final.png");
        let look = Look {
            title: "A title".to_string(),
            colormap: Colormap::Inferno,
            range: None,
            contours,
        };
        Run::new(grid, ranks).each(|rank| {
            let picture = Picture::new(&path, look.clone(), None);
            rank.simulate(vec![Box::new(picture)]).unwrap();
        });
        std::fs::read(&path).unwrap()
    }

    #[test]
    fn the_bytes_are_the_same_from_every_layout() {
        let large = Grid {
            cells: [2000, 7],
            ..grid()
        };
        for grid in [grid(), large] {
            let expected = picture([1, 1], grid, Some(5));
            for ranks in LAYOUTS {
                assert!(
                    picture(ranks, grid, Some(5)) == expected,
                    "{ranks:?} differ"
                );
            }
        }
    }

    #[test]
    fn pixels_show_the_nearest_cell_with_y_up() {
        let bytes = picture([2, 2], grid(), None);
        let decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        let mut reader = decoder.read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut rgb).unwrap();
        let width = usize::try_from(info.width).unwrap();
        let ([left, top], size) = (figure::plot_corner(), Lattice::new(&grid()).pixels);
        let at = |i: usize, j: usize| {
            let x = left + (2 * i + 1) * size[0] / 26;
            let y = top + size[1] - 1 - (2 * j + 1) * size[1] / 22;
            let at = 3 * (y * width + x);
            [rgb[at], rgb[at + 1], rgb[at + 2]]
        };
        let values: Vec<f64> = (0..143).map(|k| temperature(k % 13, k / 13, 10)).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let palette = figure::palette(Colormap::Inferno, [low, high]);
        for (k, &value) in values.iter().enumerate() {
            assert_eq!(at(k % 13, k / 13), palette(value), "cell {k}");
        }
    }
}
