// TorchScript programs: loaded from memory, run, freed. Whoever loads one runs its code.
#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>
#include "compat.h"
#include "guard.h"

namespace {
class Memory final : public caffe2::serialize::ReadAdapterInterface {
public:
    Memory(const void* bytes, int64_t size) : bytes_(static_cast<const char*>(bytes)), size_(static_cast<size_t>(size)) {}
    size_t size() const override { return size_; }
    size_t read(uint64_t position, void* destination, size_t n, const char*) const override {
        if (position >= size_) return 0;
        n = std::min<size_t>(n, size_ - position);
        std::copy_n(bytes_ + position, n, static_cast<char*>(destination));
        return n;
    }

private:
    const char* bytes_;
    size_t size_;
};
} // namespace

FTORCH_EXPORT ftorch_status ftorch_script_load(const void* bytes, int64_t size, ftorch_script* out) {
    return fovea::guarded([&] {
        auto module = torch::jit::load(std::make_shared<Memory>(bytes, size), c10::Device(c10::kCPU));
        module.eval();
        TORCH_CHECK(module.find_method("forward"), "the program has no forward");
        *out = new torch::jit::Module(std::move(module));
    });
}

FTORCH_EXPORT ftorch_status ftorch_script_forward(ftorch_script script, ftorch_tensor x, ftorch_tensor* out) {
    return fovea::guarded([&] {
        at::NoGradGuard no_grad;
        auto result = static_cast<torch::jit::Module*>(script)->get_method("forward")({fovea::borrow(x)});
        TORCH_CHECK(result.isTensor(), "its forward gives a ", result.tagKind(), ", not a tensor");
        TORCH_CHECK(result.toTensor().defined(), "its forward gives no tensor");
        *out = fovea::to_handle(result.toTensor());
    });
}

FTORCH_EXPORT void ftorch_script_free(ftorch_script script) { delete static_cast<torch::jit::Module*>(script); }
