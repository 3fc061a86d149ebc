// Live handles, leaks, random state and threads of libtorch are one for the process: tests that look at them run one after another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
