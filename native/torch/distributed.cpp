// Process groups and the averaging of gradients, over libtorch's own collectives (docs/decisions/0013).
#include <torch/csrc/autograd/variable.h>
#include "distributed.h"
#include "guard.h"

#if FTORCH_DISTRIBUTED
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <chrono>
#include <mutex>
#include <thread>

namespace {

using at::Tensor;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr int64_t kLeft = int64_t{1} << 40; // added to a rank's sign of life when it leaves in peace

std::string key(const char* what, int rank) { return std::string(what) + "/" + std::to_string(rank); }

std::vector<uint8_t> bytes(const char* text) { return std::vector<uint8_t>(text, text + std::char_traits<char>::length(text)); }

c10::intrusive_ptr<c10d::Store> connect(const std::string& host, int port, int size, bool serves, milliseconds timeout) {
    c10d::TCPStoreOptions options;
    options.port = static_cast<uint16_t>(port);
    options.isServer = serves;
    options.numWorkers = static_cast<std::size_t>(size);
    options.waitWorkers = false; // ours says which are missing
    options.timeout = timeout;
    return c10::make_intrusive<c10d::TCPStore>(host, options);
}

// Everybody says that they are here, and waits for the others.
void gather(c10d::Store& store, int rank, int size, milliseconds timeout) {
    store.set(key("here", rank), bytes("1"));
    for (auto until = Clock::now() + timeout;;) {
        std::string missing;
        for (int other = 0; other < size; other++)
            if (!store.check({key("here", other)})) missing += (missing.empty() ? "" : ", ") + std::to_string(other);
        if (missing.empty()) return;
        TORCH_CHECK(Clock::now() < until, "rank ", missing, " did not come within ", std::chrono::duration_cast<std::chrono::seconds>(timeout).count(), " s");
        std::this_thread::sleep_for(milliseconds(50));
    }
}

fovea::Group& group_of(ftorch_group group) {
    TORCH_CHECK(group != nullptr, "a process group that was disposed");
    return *static_cast<fovea::Group*>(group);
}

compat::Collectives& values_of(ftorch_group group) {
    auto& g = group_of(group);
    TORCH_CHECK(g.values, "a process group that was disconnected");
    return *g.values;
}

// The first words tell managed code that other ranks may be to blame.
template <class F>
void with_others(F&& body) {
    try {
        body();
    } catch (const c10::Error& e) {
        TORCH_CHECK(false, "process group: ", e.what_without_backtrace());
    } catch (const std::exception& e) {
        TORCH_CHECK(false, "process group: ", e.what());
    }
}

bool dense(const Tensor& t) { return t.is_non_overlapping_and_dense(); }

// Adds gradients up over the processes while the backward pass still runs: a parameter's gradient is copied into its bucket when it is ready, and a full bucket is sent.
// Buckets are sent in one order, that of the parameters from last to first, which is about that of the backward pass.
class GradientSum {
public:
    GradientSum(fovea::Group& group, std::vector<Tensor> parameters, int64_t bucket_bytes) : group_(group), parameters_(std::move(parameters)), bucket_of_(parameters_.size()) {
        for (auto i = static_cast<int64_t>(parameters_.size()) - 1; i >= 0; i--) {
            const auto& p = parameters_[i];
            TORCH_CHECK(p.is_leaf() && p.requires_grad() && p.scalar_type() == at::kFloat, "parameter ", i, " is not a float32 leaf that is trained");
            if (buckets_.empty() || (buckets_.back().elements + p.numel()) * 4 > bucket_bytes) buckets_.emplace_back();
            auto& bucket = buckets_.back();
            bucket_of_[i] = buckets_.size() - 1;
            bucket.members.push_back({static_cast<size_t>(i), bucket.elements});
            bucket.elements += p.numel();
        }
        for (auto& bucket : buckets_) bucket.memory = at::zeros({bucket.elements}, parameters_[bucket.members[0].parameter].options());
        for (size_t i = 0; i < parameters_.size(); i++) {
            auto accumulator = torch::autograd::impl::grad_accumulator(parameters_[i]);
            auto hook = accumulator->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>([this, i](const auto& outputs, const auto&) {
                ready(i);
                return outputs;
            }));
            hooks_.emplace_back(std::move(accumulator), hook);
        }
    }

    ~GradientSum() {
        for (auto& [accumulator, hook] : hooks_) accumulator->del_post_hook(hook);
    }

    // The next backward pass is the last before the step: its gradients, with what they were added to, are summed.
    void arm() {
        std::lock_guard<std::mutex> lock(mutex_);
        for (auto& bucket : buckets_) bucket.waits_for = bucket.members.size();
        next_ = 0;
        armed_ = true;
    }

    // After the backward pass. Gradients are then views of the buckets.
    void wait_all() {
        std::lock_guard<std::mutex> lock(mutex_);
        TORCH_CHECK(armed_, "no backward pass was announced");
        armed_ = false;
        at::NoGradGuard no_grad;
        while (next_ < buckets_.size()) send(buckets_[next_++]); // with parameters that the loss does not depend on, on no rank
        for (auto& bucket : buckets_) {
            with_others([&] { bucket.work->wait(); });
            bucket.work.reset();
            for (const auto& member : bucket.members) {
                auto& gradient = parameters_[member.parameter].mutable_grad();
                if (gradient.defined()) gradient = view(bucket, member);
            }
        }
    }

private:
    struct Member {
        size_t parameter;
        int64_t at;
    };
    struct Bucket {
        std::vector<Member> members;
        int64_t elements = 0;
        Tensor memory;
        size_t waits_for = 0;
        c10::intrusive_ptr<compat::Work> work;
    };

    // A gradient's place in its bucket, in the parameter's own memory order where that is without gaps.
    Tensor view(const Bucket& bucket, const Member& member) const {
        const auto& p = parameters_[member.parameter];
        return dense(p) ? bucket.memory.as_strided(p.sizes(), p.strides(), member.at) : bucket.memory.narrow(0, member.at, p.numel()).view(p.sizes());
    }

    void ready(size_t parameter) {
        std::lock_guard<std::mutex> lock(mutex_);
        if (!armed_) return;
        at::NoGradGuard no_grad;
        buckets_[bucket_of_[parameter]].waits_for--;
        while (next_ < buckets_.size() && buckets_[next_].waits_for == 0) send(buckets_[next_++]);
    }

    void send(Bucket& bucket) {
        for (const auto& member : bucket.members) {
            auto place = view(bucket, member);
            const auto& gradient = parameters_[member.parameter].grad();
            if (!gradient.defined()) place.zero_();
            else if (gradient.data_ptr() != place.data_ptr()) place.copy_(gradient);
        }
        std::vector<Tensor> memory{bucket.memory};
        with_others([&] {
            TORCH_CHECK(group_.gradients, "a process group that was disconnected");
            bucket.work = group_.gradients->allreduce(memory);
        });
    }

    fovea::Group& group_;
    std::vector<Tensor> parameters_;
    std::vector<size_t> bucket_of_;
    std::vector<Bucket> buckets_;
    std::vector<std::pair<std::shared_ptr<torch::autograd::Node>, uintptr_t>> hooks_;
    std::mutex mutex_;
    size_t next_ = 0;
    bool armed_ = false;
};

GradientSum& sum_of(ftorch_gradient_sum sum) {
    TORCH_CHECK(sum != nullptr, "a gradient sum that was disposed");
    return *static_cast<GradientSum*>(sum);
}

} // namespace

void fovea::all_reduce(int64_t group, const at::Tensor& values) {
    std::vector<Tensor> tensors{values};
    with_others([&] { values_of(reinterpret_cast<ftorch_group>(group)).allreduce(tensors)->wait(); });
}

FTORCH_EXPORT int32_t ftorch_has_backend(const char* backend) { return compat::has_backend(backend); }

FTORCH_EXPORT ftorch_status ftorch_group_create(const char* backend, const char* host, int32_t port, int32_t rank, int32_t size, int64_t join_ms, int64_t timeout_ms, ftorch_group* out) {
    return fovea::guarded([&] {
        auto group = std::make_unique<fovea::Group>();
        group->rank = rank;
        group->size = size;
        auto join = milliseconds(join_ms);
        group->store = connect(host, port, size, rank == 0, join);
        gather(*group->store, rank, size, join);
        group->life = connect(host, port, size, false, milliseconds(10'000));
        auto timeout = milliseconds(timeout_ms);
        group->gradients = compat::make_collectives(backend, c10::make_intrusive<c10d::PrefixStore>("gradients", group->store), host, rank, size, timeout);
        group->values = compat::make_collectives(backend, c10::make_intrusive<c10d::PrefixStore>("values", group->store), host, rank, size, timeout);
        *out = group.release();
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_disconnect(ftorch_group group) {
    return fovea::guarded([&] {
        auto& g = group_of(group);
        g.gradients.reset();
        g.values.reset();
    });
}

FTORCH_EXPORT void ftorch_group_free(ftorch_group group) {
    fovea::guarded([&] { delete static_cast<fovea::Group*>(group); });
}

FTORCH_EXPORT ftorch_status ftorch_group_all_reduce(ftorch_group group, ftorch_tensor values) {
    return fovea::guarded([&] {
        auto t = fovea::borrow(values);
        TORCH_CHECK(t.is_contiguous(), "all-reduce of a tensor with gaps");
        fovea::all_reduce(reinterpret_cast<int64_t>(group), t);
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_broadcast(ftorch_group group, const ftorch_tensor* handles, int32_t n) {
    return fovea::guarded([&] {
        at::NoGradGuard no_grad;
        auto& g = group_of(group);
        for (int32_t i = 0; i < n; i++) {
            auto target = fovea::borrow(handles[i]).detach();
            if (target.numel() == 0) continue;
            std::vector<Tensor> sent{target.is_contiguous() ? target : target.contiguous()};
            with_others([&] { values_of(group).broadcast(sent)->wait(); });
            if (g.rank != 0 && !sent[0].is_same(target)) target.copy_(sent[0]);
        }
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_beat(ftorch_group group, int64_t* beats) {
    return fovea::guarded([&] {
        auto& g = group_of(group);
        for (int32_t rank = 0; rank < g.size; rank++) {
            auto count = g.life->add(key("beat", rank), rank == g.rank ? 1 : 0);
            beats[rank] = count >= kLeft ? -1 : count;
        }
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_leave(ftorch_group group) {
    return fovea::guarded([&] {
        auto& g = group_of(group);
        g.life->add(key("beat", g.rank), kLeft);
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_say(ftorch_group group, const char* text) {
    return fovea::guarded([&] {
        auto& g = group_of(group);
        g.life->set(key("said", g.rank), bytes(text));
    });
}

FTORCH_EXPORT ftorch_status ftorch_group_said(ftorch_group group, int32_t rank, char* buffer, int32_t capacity, int32_t* length) {
    return fovea::guarded([&] {
        auto& g = group_of(group);
        *length = 0;
        if (!g.life->check({key("said", rank)})) return;
        auto text = g.life->get(key("said", rank));
        *length = fovea::copy_text(std::string(text.begin(), text.end()), buffer, capacity);
    });
}

FTORCH_EXPORT ftorch_status ftorch_gradient_sum_create(ftorch_group group, const ftorch_tensor* parameters, int32_t n, int64_t bucket_bytes, ftorch_gradient_sum* out) {
    return fovea::guarded([&] {
        std::vector<Tensor> tensors;
        for (int32_t i = 0; i < n; i++) tensors.push_back(fovea::borrow(parameters[i]));
        *out = new GradientSum(group_of(group), std::move(tensors), bucket_bytes);
    });
}

FTORCH_EXPORT ftorch_status ftorch_gradient_sum_arm(ftorch_gradient_sum sum) {
    return fovea::guarded([&] { sum_of(sum).arm(); });
}

FTORCH_EXPORT ftorch_status ftorch_gradient_sum_wait(ftorch_gradient_sum sum) {
    return fovea::guarded([&] { sum_of(sum).wait_all(); });
}

FTORCH_EXPORT void ftorch_gradient_sum_free(ftorch_gradient_sum sum) {
    fovea::guarded([&] { delete static_cast<GradientSum*>(sum); });
}

#else // this libtorch, or this build, has no collectives

namespace {
template <class... T>
ftorch_status absent(T...) {
    return fovea::guarded([] { TORCH_CHECK(false, "this libfovea_torch was built without process groups (libtorch's distributed package and libgloo-dev were not there)"); });
}
} // namespace

void fovea::all_reduce(int64_t, const at::Tensor&) { TORCH_CHECK(false, "this libfovea_torch was built without process groups"); }

FTORCH_EXPORT int32_t ftorch_has_backend(const char*) { return 0; }
FTORCH_EXPORT ftorch_status ftorch_group_create(const char* a, const char* b, int32_t c, int32_t d, int32_t e, int64_t f, int64_t g, ftorch_group* h) { return absent(a, b, c, d, e, f, g, h); }
FTORCH_EXPORT ftorch_status ftorch_group_disconnect(ftorch_group a) { return absent(a); }
FTORCH_EXPORT void ftorch_group_free(ftorch_group) {}
FTORCH_EXPORT ftorch_status ftorch_group_all_reduce(ftorch_group a, ftorch_tensor b) { return absent(a, b); }
FTORCH_EXPORT ftorch_status ftorch_group_broadcast(ftorch_group a, const ftorch_tensor* b, int32_t c) { return absent(a, b, c); }
FTORCH_EXPORT ftorch_status ftorch_group_beat(ftorch_group a, int64_t* b) { return absent(a, b); }
FTORCH_EXPORT ftorch_status ftorch_group_leave(ftorch_group a) { return absent(a); }
FTORCH_EXPORT ftorch_status ftorch_group_say(ftorch_group a, const char* b) { return absent(a, b); }
FTORCH_EXPORT ftorch_status ftorch_group_said(ftorch_group a, int32_t b, char* c, int32_t d, int32_t* e) { return absent(a, b, c, d, e); }
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_create(ftorch_group a, const ftorch_tensor* b, int32_t c, int64_t d, ftorch_gradient_sum* e) { return absent(a, b, c, d, e); }
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_arm(ftorch_gradient_sum a) { return absent(a); }
FTORCH_EXPORT ftorch_status ftorch_gradient_sum_wait(ftorch_gradient_sum a) { return absent(a); }
FTORCH_EXPORT void ftorch_gradient_sum_free(ftorch_gradient_sum) {}

#endif
