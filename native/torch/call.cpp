// The generic call: an operator by name, arguments as a tagged union, libtorch's boxed calling convention.
#include <ATen/core/dispatch/Dispatcher.h>
#include <sstream>
#include "guard.h"

namespace {

c10::IValue to_ivalue(const ftorch_value& v, const c10::Argument& arg) {
    switch (v.tag) {
        case FTORCH_NONE: return {};
        case FTORCH_TENSOR: return fovea::borrow(v.p);
        case FTORCH_INT: {
            // A C# integer literal may stand where the schema wants a float ("p", "eps"); a Scalar takes either.
            auto kind = arg.type()->kind();
            if (kind == c10::TypeKind::OptionalType) kind = arg.type()->castRaw<c10::OptionalType>()->getElementType()->kind();
            if (kind == c10::TypeKind::FloatType) return static_cast<double>(v.i);
            return v.i;
        }
        case FTORCH_DOUBLE: return v.d;
        case FTORCH_BOOL: return v.i != 0;
        case FTORCH_INTS: {
            auto p = static_cast<const int64_t*>(v.p);
            return c10::List<int64_t>(c10::ArrayRef<int64_t>(p, v.length));
        }
        case FTORCH_DOUBLES: {
            auto p = static_cast<const double*>(v.p);
            auto type = arg.type();
            if (type->kind() == c10::TypeKind::ListType && type->castRaw<c10::ListType>()->getElementType()->kind() == c10::TypeKind::NumberType) {
                c10::List<at::Scalar> list; // Scalar[] of the _foreach operators
                list.reserve(v.length);
                for (int32_t i = 0; i < v.length; i++) list.push_back(p[i]);
                return list;
            }
            return c10::List<double>(c10::ArrayRef<double>(p, v.length));
        }
        case FTORCH_TENSORS: {
            auto p = static_cast<const ftorch_tensor*>(v.p);
            c10::List<at::Tensor> list;
            list.reserve(v.length);
            for (int32_t i = 0; i < v.length; i++) list.push_back(fovea::borrow(p[i]));
            return list;
        }
        case FTORCH_OPTIONAL_TENSORS: {
            auto p = static_cast<const ftorch_tensor*>(v.p);
            c10::List<c10::optional<at::Tensor>> list;
            list.reserve(v.length);
            for (int32_t i = 0; i < v.length; i++)
                list.push_back(p[i] ? c10::optional<at::Tensor>(fovea::borrow(p[i])) : c10::optional<at::Tensor>());
            return list;
        }
        case FTORCH_STRING: return std::string(static_cast<const char*>(v.p), v.length);
        case FTORCH_DEVICE: return c10::Device(std::string(static_cast<const char*>(v.p), v.length));
        default: TORCH_CHECK(false, "argument '", arg.name(), "' has the unknown tag ", v.tag); return {};
    }
}

// Lists are flattened: an operator that returns Tensor[] gives one result a tensor.
struct Results {
    ftorch_value* out;
    int32_t capacity, count = 0;
    void add(ftorch_value v) {
        TORCH_CHECK(count < capacity, "the operator returned more than the ", capacity, " values that there is room for");
        out[count++] = v;
    }
    void add(const at::Tensor& t) {
        ftorch_value v{};
        TORCH_CHECK(count < capacity, "the operator returned more than the ", capacity, " tensors that there is room for");
        if (t.defined()) { v.tag = FTORCH_TENSOR; v.p = fovea::to_handle(t); }
        out[count++] = v;
    }
    void add(const c10::IValue& value) {
        ftorch_value v{};
        if (value.isTensor()) { add(value.toTensor()); return; }
        if (value.isTensorList()) { for (const at::Tensor& t : value.toTensorVector()) add(t); return; }
        if (value.isInt()) { v.tag = FTORCH_INT; v.i = value.toInt(); }
        else if (value.isDouble()) { v.tag = FTORCH_DOUBLE; v.d = value.toDouble(); }
        else if (value.isBool()) { v.tag = FTORCH_BOOL; v.i = value.toBool(); }
        else if (!value.isNone()) TORCH_CHECK(false, "a result of type ", value.tagKind(), " has no place in the bridge yet");
        add(v);
    }
};

} // namespace

FTORCH_EXPORT ftorch_status ftorch_find(const char* name, const char* overload, ftorch_op* op) {
    return fovea::guarded([&] {
        auto found = c10::Dispatcher::singleton().findSchema({name, overload});
        TORCH_CHECK(found.has_value(), "this libtorch has no operator ", name, *overload ? "." : "", overload);
        *op = new c10::OperatorHandle(*found); // lives as long as the process, as operators do
    });
}

FTORCH_EXPORT ftorch_status ftorch_schema(ftorch_op op, char* buffer, int32_t capacity) {
    return fovea::guarded([&] {
        std::ostringstream text;
        text << static_cast<c10::OperatorHandle*>(op)->schema();
        fovea::copy_text(text.str(), buffer, capacity);
    });
}

FTORCH_EXPORT ftorch_status ftorch_call(ftorch_op op, const ftorch_value* args, int32_t n, ftorch_value* results, int32_t capacity, int32_t* count) {
    Results out{results, capacity};
    auto status = fovea::guarded([&] {
        auto& handle = *static_cast<c10::OperatorHandle*>(op);
        const auto& arguments = handle.schema().arguments();
        TORCH_CHECK(static_cast<size_t>(n) <= arguments.size(), handle.schema().name(), " takes ", arguments.size(), " arguments, not ", n);
        torch::jit::Stack stack;
        stack.reserve(std::max<size_t>(arguments.size(), 4));
        for (int32_t i = 0; i < n; i++) stack.push_back(to_ivalue(args[i], arguments[i]));
        for (size_t i = n; i < arguments.size(); i++) {
            TORCH_CHECK(arguments[i].default_value().has_value(), handle.schema().name(), " needs its argument '", arguments[i].name(), "'");
            stack.push_back(*arguments[i].default_value());
        }
        handle.callBoxed(stack);
        for (const auto& value : stack) out.add(value);
    });
    if (status != 0) {
        for (int32_t i = 0; i < out.count; i++)
            if (results[i].tag == FTORCH_TENSOR) ftorch_tensor_free(results[i].p);
        out.count = 0;
    }
    *count = out.count;
    return status;
}
