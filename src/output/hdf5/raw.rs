//! The few calls of the HDF5 library that its crate does not offer: collective transfers, dimension
//! scales, and the repair of files that a killed process had open.
#![allow(
    unsafe_code,
    reason = "the crate lets each rank write on its own, which HDF5 refuses for chunks with checksums"
)]

use std::ffi::{CStr, c_char, c_uint};

use bytemuck::Pod;
use hdf5_metno::{Dataset, Dataspace, Error, Result, h5check, sync::sync};
use hdf5_metno_sys::{
    h5::{hbool_t, herr_t, hsize_t},
    h5d::{H5Dread_chunk, H5Dwrite, H5Dwrite_chunk},
    h5f::{H5F_ACC_RDWR, H5Fclose, H5Fopen},
    h5i::hid_t,
    h5p::{H5P_CLS_FILE_ACCESS, H5P_DEFAULT, H5Pclose, H5Pcreate, H5Pset},
    h5s::{H5S_SELECT_SET, H5Sselect_hyperslab, H5Sselect_none},
};

unsafe extern "C" {
    fn H5Dget_chunk_storage_size(
        dataset: hid_t,
        start: *const hsize_t,
        bytes: *mut hsize_t,
    ) -> herr_t;
    fn H5DSset_scale(dataset: hid_t, name: *const c_char) -> herr_t;
    fn H5DSattach_scale(dataset: hid_t, scale: hid_t, dimension: c_uint) -> herr_t;
}

/// Writes `values` into the box of `dataset` that begins at `start` and has `count` values along
/// each dimension. With `parallel`, all ranks that opened the file call it, each with its own box;
/// a rank without values has an empty one. The values are of the dataset's own type.
pub fn write<T: Pod>(
    dataset: &Dataset,
    start: &[usize],
    count: &[usize],
    values: &[T],
    parallel: bool,
) -> Result<()> {
    let kind = dataset.dtype()?;
    let file_space = dataset.space()?;
    // Of the same shape: the library takes a path along single values otherwise.
    let memory_space = Dataspace::try_new(count)?;
    if kind.size() != size_of::<T>()
        || [start.len(), count.len()] != [file_space.ndim(); 2]
        || count.iter().product::<usize>() != values.len()
    {
        return Err(Error::from("the values do not fit the dataset"));
    }
    let [start, count] = [start, count].map(|list| {
        list.iter()
            .map(|&value| value as hsize_t)
            .collect::<Vec<hsize_t>>()
    });
    sync(|| {
        // SAFETY: the dataspace is alive, and both lists have one entry per dimension of it.
        h5check(unsafe {
            if values.is_empty() {
                H5Sselect_none(file_space.id())
            } else {
                H5Sselect_hyperslab(
                    file_space.id(),
                    H5S_SELECT_SET,
                    start.as_ptr(),
                    std::ptr::null(),
                    count.as_ptr(),
                    std::ptr::null(),
                )
            }
        })?;
        with_transfer(parallel, |transfer| {
            // SAFETY: all handles are alive; the memory space has as many elements as `values`,
            // of the size of `T`, so that the library reads nothing beyond them.
            h5check(unsafe {
                H5Dwrite(
                    dataset.id(),
                    kind.id(),
                    memory_space.id(),
                    file_space.id(),
                    transfer,
                    values.as_ptr().cast(),
                )
            })
        })
    })?;
    Ok(())
}

/// Calls `work` with a transfer property list, collective if `parallel`. If the library could not
/// transfer collectively, it would refuse to write: all datasets have checksums.
#[cfg(feature = "mpi")]
fn with_transfer(parallel: bool, work: impl FnOnce(hid_t) -> Result<herr_t>) -> Result<herr_t> {
    use hdf5_metno_sys::h5p::{H5FD_mpio_xfer_t, H5P_CLS_DATASET_XFER, H5Pset_dxpl_mpio};

    if !parallel {
        return work(H5P_DEFAULT);
    }
    // SAFETY: a property list class of the library, which is initialised as `sync` was entered.
    let transfer = h5check(unsafe { H5Pcreate(*H5P_CLS_DATASET_XFER) })?;
    // SAFETY: `transfer` is the property list made above.
    let done =
        h5check(unsafe { H5Pset_dxpl_mpio(transfer, H5FD_mpio_xfer_t::H5FD_MPIO_COLLECTIVE) })
            .and_then(|_| work(transfer));
    // SAFETY: `transfer` is closed once and not used afterwards.
    unsafe { H5Pclose(transfer) };
    done
}

#[cfg(not(feature = "mpi"))]
fn with_transfer(_parallel: bool, work: impl FnOnce(hid_t) -> Result<herr_t>) -> Result<herr_t> {
    work(H5P_DEFAULT)
}

/// Writes the bytes of the chunk that begins at `start` as they shall stand in the file, behind all filters.
pub fn write_chunk(dataset: &Dataset, start: [usize; 3], bytes: &[u8]) -> Result<()> {
    let start = offset(dataset, start)?;
    sync(|| {
        // SAFETY: the dataset is alive and `start` has one entry for each of its dimensions; the library reads as
        // many bytes as there are.
        h5check(unsafe {
            H5Dwrite_chunk(
                dataset.id(),
                H5P_DEFAULT,
                0,
                start.as_ptr(),
                bytes.len(),
                bytes.as_ptr().cast(),
            )
        })
    })?;
    Ok(())
}

/// Reads the bytes of the chunk that begins at `start` as they stand in the file; false if they are more or fewer than
/// there is place for.
pub fn read_chunk(dataset: &Dataset, start: [usize; 3], bytes: &mut [u8]) -> Result<bool> {
    let start = offset(dataset, start)?;
    sync(|| {
        let mut stored = 0;
        // SAFETY: the dataset is alive and `start` has one entry for each of its dimensions; the library writes one
        // number.
        h5check(unsafe {
            H5Dget_chunk_storage_size(dataset.id(), start.as_ptr(), &raw mut stored)
        })?;
        if stored != bytes.len() as hsize_t {
            return Ok(false);
        }
        let mut skipped_filters = 0;
        // SAFETY: as above; the library writes as many bytes as are stored, for which there is place.
        h5check(unsafe {
            H5Dread_chunk(
                dataset.id(),
                H5P_DEFAULT,
                start.as_ptr(),
                &raw mut skipped_filters,
                bytes.as_mut_ptr().cast(),
            )
        })?;
        Ok(skipped_filters == 0)
    })
}

/// Where a chunk begins, for a dataset of as many dimensions.
fn offset(dataset: &Dataset, start: [usize; 3]) -> Result<[hsize_t; 3]> {
    if dataset.ndim() == start.len() {
        Ok(start.map(|index| index as hsize_t))
    } else {
        Err(Error::from("the dataset is no series of plane fields"))
    }
}

/// Clears the mark that a process leaves in a file which it has open for writing when it is killed, and for
/// which the library refuses to open the file again: what `h5clear --status` does, and how.
pub fn clear_status(path: &CStr) -> Result<()> {
    let mut yes: hbool_t = 1;
    sync(|| {
        // SAFETY: a property list class of the library, which is initialised as `sync` was entered.
        let access = h5check(unsafe { H5Pcreate(*H5P_CLS_FILE_ACCESS) })?;
        // SAFETY: `access` is the list made above, the name ends with a zero, and the library copies the
        // value, whose type is that of this property.
        let set = h5check(unsafe {
            H5Pset(
                access,
                c"clear_status_flags".as_ptr(),
                (&raw mut yes).cast(),
            )
        });
        // SAFETY: the path ends with a zero, and `access` is the list made above.
        let file =
            set.and_then(|_| h5check(unsafe { H5Fopen(path.as_ptr(), H5F_ACC_RDWR, access) }));
        // SAFETY: the file was opened above, is closed once and not used afterwards.
        let closed = file.and_then(|file| h5check(unsafe { H5Fclose(file) }));
        // SAFETY: so is the list.
        unsafe { H5Pclose(access) };
        closed
    })?;
    Ok(())
}

/// Makes `scale`, as `name`, the coordinate of a dimension of `dataset`.
pub fn attach_scale(
    scale: &Dataset,
    name: &CStr,
    dataset: &Dataset,
    dimension: c_uint,
) -> Result<()> {
    sync(|| {
        // SAFETY: the dataset is alive, and the name ends with a zero.
        h5check(unsafe { H5DSset_scale(scale.id(), name.as_ptr()) })?;
        // SAFETY: both datasets are alive; the library checks the dimension.
        h5check(unsafe { H5DSattach_scale(dataset.id(), scale.id(), dimension) })?;
        Ok(())
    })
}
