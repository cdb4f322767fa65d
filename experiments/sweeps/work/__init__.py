"""Who carries a sweep out: runs in chunks, on processes, Dask or SLURM."""
