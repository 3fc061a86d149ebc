// What distributed.cpp and sync_norm.cpp share: the processes that train one network.
#pragma once
#include <ATen/ATen.h>
#include "compat.h"

namespace fovea {

#if FTORCH_DISTRIBUTED
struct Group {
    int rank, size;
    // Gradients travel while the backward pass runs; values (losses, norms, broadcasts) are waited for at once. Two sets of connections, so that neither order depends on the other's.
    c10::intrusive_ptr<compat::Collectives> gradients, values;
    c10::intrusive_ptr<c10d::Store> store; // for this group's gloo
    c10::intrusive_ptr<c10d::Store> life;  // a connection of its own, so that the sign of life never waits behind another call
};
#endif

// Sums a contiguous tensor over the processes, in place. `group` is a handle of ftorch_group_create.
void all_reduce(int64_t group, const at::Tensor& values);

} // namespace fovea
