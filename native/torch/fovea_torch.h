// The C interface of libfovea_torch: libtorch's dispatcher, plus what is not an operator (autograd, modes, random state, memory).
// Every export that can fail returns ftorch_status; the text of the last failure on this thread is had from ftorch_last_error.
// A tensor handle is a c10::TensorImpl* that owns one reference; ftorch_tensor_free gives it back.
#pragma once
#include <cstdint>

#define FTORCH_ABI 5
#define FTORCH_EXPORT extern "C" __attribute__((visibility("default")))

typedef int32_t ftorch_status; // 0 ok, 1 failed
typedef void* ftorch_tensor;
typedef void* ftorch_op;
typedef void* ftorch_script;
typedef void* ftorch_group;
typedef void* ftorch_gradient_sum;

enum ftorch_tag : int32_t {
    FTORCH_NONE = 0,
    FTORCH_TENSOR = 1,
    FTORCH_INT = 2,           // also dtypes, memory formats and layouts: the schema knows which
    FTORCH_DOUBLE = 3,
    FTORCH_BOOL = 4,
    FTORCH_INTS = 5,
    FTORCH_DOUBLES = 6,
    FTORCH_TENSORS = 7,
    FTORCH_OPTIONAL_TENSORS = 8, // null = none
    FTORCH_STRING = 9,           // UTF-8, not terminated; also devices ("cpu", "cuda:1")
    FTORCH_DEVICE = 10,
};

struct ftorch_value {
    int32_t tag;
    int32_t length; // of lists and strings
    union {
        void* p;
        int64_t i;
        double d;
    };
};

FTORCH_EXPORT int32_t ftorch_abi_version();
FTORCH_EXPORT int32_t ftorch_last_error(char* buffer, int32_t capacity);
FTORCH_EXPORT int32_t ftorch_library_version(char* buffer, int32_t capacity);

FTORCH_EXPORT ftorch_status ftorch_find(const char* name, const char* overload, ftorch_op* op);
FTORCH_EXPORT ftorch_status ftorch_schema(ftorch_op op, char* buffer, int32_t capacity);
FTORCH_EXPORT ftorch_status ftorch_call(ftorch_op op, const ftorch_value* args, int32_t n, ftorch_value* results, int32_t capacity, int32_t* count);

struct ftorch_info {
    int32_t dtype, dims, device_type, device_index;
    int32_t requires_grad, contiguous, channels_last, is_leaf;
    int64_t elements;
};
FTORCH_EXPORT ftorch_status ftorch_tensor_create(const void* data, int64_t bytes, int32_t dtype, const int64_t* shape, int32_t dims, ftorch_tensor* out);
FTORCH_EXPORT ftorch_status ftorch_tensor_info(ftorch_tensor t, ftorch_info* info, int64_t* shape, int32_t shape_capacity);
FTORCH_EXPORT ftorch_status ftorch_tensor_read(ftorch_tensor t, void* destination, int64_t bytes);
FTORCH_EXPORT ftorch_status ftorch_tensor_write(ftorch_tensor t, const void* source, int64_t bytes);
FTORCH_EXPORT ftorch_status ftorch_tensor_data(ftorch_tensor t, void** data);
FTORCH_EXPORT ftorch_status ftorch_tensor_alias(ftorch_tensor t, ftorch_tensor* out);
FTORCH_EXPORT void ftorch_tensor_free(ftorch_tensor t);

FTORCH_EXPORT ftorch_status ftorch_set_requires_grad(ftorch_tensor t, int32_t value);
FTORCH_EXPORT ftorch_status ftorch_backward(ftorch_tensor loss, ftorch_tensor gradient_or_null, int32_t retain_graph);
FTORCH_EXPORT ftorch_status ftorch_grad(ftorch_tensor t, ftorch_tensor* out_or_null);
FTORCH_EXPORT ftorch_status ftorch_set_grad(const ftorch_tensor* tensors, int32_t n, ftorch_tensor gradient_or_null);
FTORCH_EXPORT ftorch_status ftorch_gradients(const ftorch_tensor* outputs, int32_t n_outputs, const ftorch_tensor* inputs, int32_t n_inputs,
                                             int32_t retain_graph, int32_t create_graph, ftorch_tensor* out);

FTORCH_EXPORT int32_t ftorch_grad_mode(int32_t enabled);                            // returns the mode before; -1 only asks
FTORCH_EXPORT ftorch_status ftorch_autocast(int32_t enabled, int32_t dtype, int32_t cuda, int32_t* before);
FTORCH_EXPORT ftorch_status ftorch_seed(uint64_t seed);
FTORCH_EXPORT ftorch_status ftorch_rng_state(ftorch_tensor* out);
FTORCH_EXPORT ftorch_status ftorch_set_rng_state(ftorch_tensor state);
FTORCH_EXPORT int32_t ftorch_threads(int32_t n);                                    // sets when n > 0; returns the number in force
FTORCH_EXPORT int32_t ftorch_cuda_devices();
FTORCH_EXPORT ftorch_status ftorch_flush_denormal(int32_t on);
FTORCH_EXPORT ftorch_status ftorch_deterministic(int32_t on);

// TorchScript: the bytes must hold a program; they are not needed afterwards. Several threads may run one program.
FTORCH_EXPORT ftorch_status ftorch_script_load(const void* bytes, int64_t size, ftorch_script* out);
FTORCH_EXPORT ftorch_status ftorch_script_forward(ftorch_script script, ftorch_tensor x, ftorch_tensor* out);
FTORCH_EXPORT void ftorch_script_free(ftorch_script script);

// Process groups (distributed.cpp). Ranks 0 … size−1 meet at host:port, which rank 0 opens. Every rank calls the same collectives in the same order.
FTORCH_EXPORT int32_t ftorch_has_backend(const char* backend);                      // "gloo", "nccl"
FTORCH_EXPORT ftorch_status ftorch_group_create(const char* backend, const char* host, int32_t port, int32_t rank, int32_t size, int64_t join_ms, int64_t timeout_ms, ftorch_group* out);
FTORCH_EXPORT ftorch_status ftorch_group_disconnect(ftorch_group group);             // ends its collectives, here and by that on the other ranks; signs of life go on
FTORCH_EXPORT void ftorch_group_free(ftorch_group group);
FTORCH_EXPORT ftorch_status ftorch_group_all_reduce(ftorch_group group, ftorch_tensor values); // sum, in place
FTORCH_EXPORT ftorch_status ftorch_group_broadcast(ftorch_group group, const ftorch_tensor* tensors, int32_t n); // rank 0's values to all
// Signs of life, on a connection of their own: for any thread, also while another waits in a collective.
FTORCH_EXPORT ftorch_status ftorch_group_beat(ftorch_group group, int64_t* beats);  // counts this rank's up and gives all; −1 for one that has left
FTORCH_EXPORT ftorch_status ftorch_group_leave(ftorch_group group);
FTORCH_EXPORT ftorch_status ftorch_group_say(ftorch_group group, const char* text); // why this rank fails, for the others
FTORCH_EXPORT ftorch_status ftorch_group_said(ftorch_group group, int32_t rank, char* buffer, int32_t capacity, int32_t* length); // length 0: nothing
// Adds up gradients over the ranks during the backward pass that follows arm; wait ends it.
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_create(ftorch_group group, const ftorch_tensor* parameters, int32_t n, int64_t bucket_bytes, ftorch_gradient_sum* out);
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_arm(ftorch_gradient_sum sum);
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_wait(ftorch_gradient_sum sum);
FTORCH_EXPORT void ftorch_gradient_sum_free(ftorch_gradient_sum sum);

struct ftorch_memory_stats {
    int64_t in_use, cached, peak, allocations, served_from_cache, handles;
};
FTORCH_EXPORT void ftorch_memory(ftorch_memory_stats* stats);
FTORCH_EXPORT void ftorch_memory_release_cache();
