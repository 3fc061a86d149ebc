// Tensors in and out of managed memory.
#include <cstring>
#include "guard.h"

FTORCH_EXPORT ftorch_status ftorch_tensor_create(const void* data, int64_t bytes, int32_t dtype, const int64_t* shape, int32_t dims, ftorch_tensor* out) {
    return fovea::guarded([&] {
        auto t = at::empty(at::IntArrayRef(shape, dims), at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
        if (data) {
            TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "a tensor of ", t.nbytes(), " bytes cannot be filled from ", bytes);
            if (bytes) std::memcpy(t.data_ptr(), data, bytes);
        }
        *out = fovea::to_handle(std::move(t));
    });
}

FTORCH_EXPORT ftorch_status ftorch_tensor_info(ftorch_tensor handle, ftorch_info* info, int64_t* shape, int32_t shape_capacity) {
    return fovea::guarded([&] {
        auto t = fovea::borrow(handle);
        info->dtype = static_cast<int32_t>(t.scalar_type());
        info->dims = static_cast<int32_t>(t.dim());
        info->device_type = static_cast<int32_t>(t.device().type());
        info->device_index = t.device().index();
        info->requires_grad = t.requires_grad();
        info->contiguous = t.is_contiguous();
        info->channels_last = t.dim() == 4 && t.is_contiguous(at::MemoryFormat::ChannelsLast);
        info->is_leaf = t.is_leaf();
        info->elements = t.numel();
        for (int32_t i = 0; i < info->dims && i < shape_capacity; i++) shape[i] = t.size(i);
    });
}

FTORCH_EXPORT ftorch_status ftorch_tensor_read(ftorch_tensor handle, void* destination, int64_t bytes) {
    return fovea::guarded([&] {
        at::NoGradGuard no_grad;
        auto t = fovea::borrow(handle).detach().to(at::kCPU).contiguous();
        TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "a tensor of ", t.nbytes(), " bytes does not fit a buffer of ", bytes);
        if (bytes) std::memcpy(destination, t.data_ptr(), bytes);
    });
}

FTORCH_EXPORT ftorch_status ftorch_tensor_write(ftorch_tensor handle, const void* source, int64_t bytes) {
    return fovea::guarded([&] {
        at::NoGradGuard no_grad;
        auto t = fovea::borrow(handle);
        TORCH_CHECK(static_cast<int64_t>(t.nbytes()) == bytes, "a tensor of ", t.nbytes(), " bytes cannot be filled from ", bytes);
        auto host = at::from_blob(const_cast<void*>(source), t.sizes(), at::TensorOptions().dtype(t.scalar_type()));
        t.copy_(host);
    });
}

FTORCH_EXPORT ftorch_status ftorch_tensor_data(ftorch_tensor handle, void** data) {
    return fovea::guarded([&] {
        auto t = fovea::borrow(handle);
        TORCH_CHECK(t.device().is_cpu() && t.is_contiguous(), "only a contiguous tensor on the CPU has memory to point at");
        *data = t.data_ptr();
    });
}

FTORCH_EXPORT ftorch_status ftorch_tensor_alias(ftorch_tensor handle, ftorch_tensor* out) {
    return fovea::guarded([&] { *out = fovea::to_handle(fovea::borrow(handle)); });
}

FTORCH_EXPORT void ftorch_tensor_free(ftorch_tensor handle) {
    if (!handle) return;
    fovea::count_handle(-1);
    c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(static_cast<c10::TensorImpl*>(handle));
}
