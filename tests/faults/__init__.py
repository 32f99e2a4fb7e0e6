"""Break the store on purpose: real clusters, real processes, real SIGKILL, a line that can be cut. `make faults` runs all
families at full width and writes the table of docs/reliability.md; `test_faults.py` runs a short version of each."""
