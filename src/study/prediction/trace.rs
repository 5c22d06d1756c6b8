//! What ranks do, as a trace that other programs can replay.
//!
//! A time-independent trace (Desprez et al., "Improving the accuracy and efficiency of time-independent
//! trace replay", PMBS 2012) says what each rank computes, sends and waits for, and not when: the
//! simulator `SimGrid` finds out the times on a network of its own. What is computed is told in
//! nanoseconds, as operations of a processor that makes 1e9 a second.

use std::io::{self, Write};

use super::{Layout, Model};
use crate::{
    field::Real,
    stepper::{Batch, Plan},
};

/// Bytes, as the traces number MPI's types.
const BYTE: u32 = 6;

/// Writes what all ranks of a layout do in some batches of steps, one action a line. The messages are
/// those of the program's halos, in its order.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write_trace<T: Real>(
    out: &mut impl Write,
    model: &Model<'_>,
    layout: &Layout,
    plan: Plan,
    batches: usize,
) -> io::Result<()> {
    for rank in 0..layout.ranks[0] * layout.ranks[1] {
        let domain = layout.domain(rank);
        let batch = Batch::new::<T>(&domain, plan, model.machine.kind.threads);
        let work = model.work(&batch, domain.cells, model.machine.ranks);
        writeln!(out, "{rank} init")?;
        for _ in 0..batches {
            compute(out, rank, work.pack)?;
            for (peer, bytes) in &batch.messages {
                writeln!(
                    out,
                    "{rank} irecv {} {} {bytes} {BYTE}",
                    peer.rank, peer.recv_tag
                )?;
            }
            for (peer, bytes) in &batch.messages {
                writeln!(
                    out,
                    "{rank} isend {} {} {bytes} {BYTE}",
                    peer.rank, peer.send_tag
                )?;
            }
            compute(out, rank, work.interior)?;
            writeln!(out, "{rank} waitall")?;
            compute(out, rank, work.unpack + work.rim)?;
        }
        writeln!(out, "{rank} finalize")?;
    }
    Ok(())
}

fn compute(out: &mut impl Write, rank: usize, seconds: f64) -> io::Result<()> {
    if seconds > 0.0 {
        writeln!(out, "{rank} compute {:.0}", 1e9 * seconds)?;
    }
    Ok(())
}
