"""Who carries out runs, handed out in chunks: processes here, Dask's workers, any executor."""
