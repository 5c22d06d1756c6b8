//! How steps that are fused are taken.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    domain::Domain,
    field::{LINE, Real},
};

/// Depths that are tried; the first is the usual one.
const DEPTHS: [usize; 6] = [32, 48, 64, 16, 8, 4];

/// Widths of a tile that are tried, in cache lines; the first is the usual one.
const WIDTHS: [usize; 5] = [96, 128, 64, 32, 16];

/// How steps are taken. No choice of it changes a bit of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Plan {
    /// Steps fused between two exchanges of halos this deep, at most.
    pub halo_depth: usize,
    /// Columns of a tile.
    pub tile_columns: usize,
    /// Whether cells that need no message are computed while messages fly.
    pub overlap: bool,
}

impl Plan {
    /// The one to begin with on a subdomain.
    pub(super) fn usual<T: Real>(domain: &Domain) -> Self {
        Self::of_depth::<T>(DEPTHS[0].min(domain.deepest_halo()), true)
    }

    /// One that is as deep as it is told, of the usual width.
    #[must_use]
    pub fn of_depth<T: Real>(halo_depth: usize, overlap: bool) -> Self {
        Self {
            halo_depth,
            tile_columns: widths::<T>()[0],
            overlap,
        }
    }

    /// All plans that a run may settle on by itself, on a subdomain that has neighbours by message
    /// or not.
    #[must_use]
    pub fn candidates<T: Real>(domain: &Domain, has_messages: bool) -> Vec<Self> {
        let overlaps: &[bool] = if has_messages {
            &[true, false]
        } else {
            &[true]
        };
        let mut plans = Vec::new();
        for halo_depth in depths(domain) {
            for tile_columns in widths::<T>() {
                plans.extend(overlaps.iter().map(|&overlap| Self {
                    halo_depth,
                    tile_columns,
                    overlap,
                }));
            }
        }
        plans
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            halo_depth,
            tile_columns,
            overlap,
        } = self;
        write!(
            f,
            "plan: halo_depth = {halo_depth}, tile_columns = {tile_columns}, overlap = {overlap}"
        )
    }
}

/// The best plan so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    #[serde(flatten)]
    pub plan: Plan,
    /// False while others are being tried.
    pub settled: bool,
}

/// What of a [`Plan`] is prescribed; the rest is found by trying.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prescribed {
    pub halo_depth: Option<usize>,
    pub tile_columns: Option<usize>,
    pub overlap: Option<bool>,
}

impl From<Plan> for Prescribed {
    fn from(plan: Plan) -> Self {
        Self {
            halo_depth: Some(plan.halo_depth),
            tile_columns: Some(plan.tile_columns),
            overlap: Some(plan.overlap),
        }
    }
}

impl Prescribed {
    /// Cells around a subdomain whose coefficients must be known; the fields of temperature have
    /// one more ghost.
    #[must_use]
    pub fn margin<T: Real>(&self, domain: &Domain) -> usize {
        let deepest = domain.deepest_halo();
        if deepest == usize::MAX {
            return 0;
        }
        let most = self.halo_depth.or(DEPTHS.into_iter().max());
        most.map_or(0, |most| most.min(deepest))
            .next_multiple_of(LINE / size_of::<T>())
    }
}

/// The depths that are tried on a subdomain.
pub(super) fn depths(domain: &Domain) -> BTreeSet<usize> {
    DEPTHS.map(|depth| depth.min(domain.deepest_halo())).into()
}

/// The widths that are tried, in columns.
pub(super) fn widths<T>() -> [usize; WIDTHS.len()] {
    WIDTHS.map(|lines| lines * (LINE / size_of::<T>()))
}
