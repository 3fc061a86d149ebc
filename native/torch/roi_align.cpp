// fovea::roi_align — means of a feature map over the bins of boxes by bilinear sampling. He et al. 2017, arXiv 1703.06870, section 3.
//
// Equals torchvision 0.14's roi_align, `aligned` and `sampling_ratio` included, with its gradient. Works on channels-last memory, in which a sample is four rows of channels;
// other memory is converted, other devices go through the CPU, other types through float32. Sums are made in one order, whatever the number of threads.
//
// Shapes: x [N, C, H, W], rois [K, 5] (image, left, top, right, bottom in the frame of x / scale), y [K, C, bins_h, bins_w].
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include "compat.h"
#include "roi_kernels.h"

namespace {

using at::Tensor;
using fovea::RoiTap;

const fovea::RoiKernels<float>& kernels_of(float) { static const auto& k = fovea::roi_kernels().f32; return k; }
const fovea::RoiKernels<double>& kernels_of(double) { static const auto& k = fovea::roi_kernels().f64; return k; }

struct Shape {
    int64_t images, channels, height, width, bins_h, bins_w, ratio;
    double scale;
    bool aligned;
};

// A box may be as large as memory is long, as far as anybody has checked: its samples are bounded.
constexpr double kMostSamples = 4096; // along one side of one bin

// The samples of one box, bin by bin. Where a sample lies beyond the map by more than a pixel it counts as zero.
template <class T>
struct Samples {
    std::vector<RoiTap<T>> taps;
    std::vector<int64_t> ends; // of each bin
    int64_t image = 0;

    void make(const Shape& s, const T* roi) {
        taps.clear();
        ends.clear();
        image = static_cast<int64_t>(roi[0]);
        const T offset = s.aligned ? T(0.5) : T(0), scale = static_cast<T>(s.scale);
        const T left = roi[1] * scale - offset, top = roi[2] * scale - offset, right = roi[3] * scale - offset, bottom = roi[4] * scale - offset;
        T width = right - left, height = bottom - top;
        if (!s.aligned) { // boxes were at least a pixel large before
            width = std::max(width, T(1));
            height = std::max(height, T(1));
        }
        const T bin_w = width / static_cast<T>(s.bins_w), bin_h = height / static_cast<T>(s.bins_h);
        const int64_t across = s.ratio > 0 ? s.ratio : static_cast<int64_t>(std::ceil(bin_w)), down = s.ratio > 0 ? s.ratio : static_cast<int64_t>(std::ceil(bin_h));
        const T share = 1 / static_cast<T>(std::max<int64_t>(across * down, 1));
        for (int64_t by = 0; by < s.bins_h; by++)
            for (int64_t bx = 0; bx < s.bins_w; bx++) {
                for (int64_t iy = 0; iy < down; iy++) {
                    const T y = top + static_cast<T>(by) * bin_h + (static_cast<T>(iy) + T(0.5)) * bin_h / static_cast<T>(down);
                    if (!(y >= -1 && y <= static_cast<T>(s.height))) continue;
                    for (int64_t ix = 0; ix < across; ix++) {
                        const T x = left + static_cast<T>(bx) * bin_w + (static_cast<T>(ix) + T(0.5)) * bin_w / static_cast<T>(across);
                        if (x >= -1 && x <= static_cast<T>(s.width)) add(s, x, y, share);
                    }
                }
                ends.push_back(static_cast<int64_t>(taps.size()));
            }
    }

private:
    static void between(T at, int64_t size, int64_t& low, int64_t& high, T& share) {
        at = std::max(at, T(0));
        low = std::min(static_cast<int64_t>(at), size - 1);
        high = std::min(low + 1, size - 1);
        share = high == low ? T(0) : at - static_cast<T>(low);
    }

    void add(const Shape& s, T x, T y, T weight) {
        int64_t x0, x1, y0, y1;
        T fx, fy;
        between(x, s.width, x0, x1, fx);
        between(y, s.height, y0, y1, fy);
        const int64_t row0 = (image * s.height + y0) * s.width, row1 = (image * s.height + y1) * s.width, c = s.channels;
        taps.push_back({{(row0 + x0) * c, (row0 + x1) * c, (row1 + x0) * c, (row1 + x1) * c},
                        {weight * (1 - fy) * (1 - fx), weight * (1 - fy) * fx, weight * fy * (1 - fx), weight * fy * fx}});
    }
};

template <class T>
void forward(const Shape& s, const Tensor& x, const Tensor& rois, const Tensor& y) {
    auto *xp = x.data_ptr<T>(), *rp = rois.data_ptr<T>(), *yp = y.data_ptr<T>();
    const int64_t bins = s.bins_h * s.bins_w;
    at::parallel_for(0, rois.size(0), 1, [&](int64_t first, int64_t last) {
        Samples<T> samples;
        for (int64_t k = first; k < last; k++) {
            samples.make(s, rp + k * 5);
            int64_t start = 0;
            for (int64_t bin = 0; bin < bins; bin++) {
                kernels_of(T()).gather(xp, samples.taps.data() + start, samples.ends[bin] - start, yp + (k * bins + bin) * s.channels, s.channels);
                start = samples.ends[bin];
            }
        }
    });
}

// Threads share the channels: boxes overlap, and two threads must not add to one place.
template <class T>
void backward(const Shape& s, const Tensor& dy, const Tensor& rois, const Tensor& dx) {
    auto *dyp = dy.data_ptr<T>(), *rp = rois.data_ptr<T>(), *dxp = dx.data_ptr<T>();
    const int64_t bins = s.bins_h * s.bins_w, block = 16, blocks = (s.channels + block - 1) / block;
    at::parallel_for(0, blocks, 1, [&](int64_t first, int64_t last) {
        Samples<T> samples;
        const int64_t channel = first * block, count = std::min(s.channels, last * block) - channel;
        for (int64_t k = 0; k < rois.size(0); k++) {
            samples.make(s, rp + k * 5);
            int64_t start = 0;
            for (int64_t bin = 0; bin < bins; bin++) {
                kernels_of(T()).scatter(dxp + channel, samples.taps.data() + start, samples.ends[bin] - start, dyp + (k * bins + bin) * s.channels + channel, count);
                start = samples.ends[bin];
            }
        }
    });
}

template <class T>
void check(const Shape& s, const Tensor& rois) {
    auto* rp = rois.data_ptr<T>();
    for (int64_t k = 0; k < rois.size(0); k++) {
        const T* roi = rp + k * 5;
        TORCH_CHECK(roi[0] >= 0 && roi[0] < static_cast<T>(s.images), "roi_align: box ", k, " is of image ", roi[0], ", the batch has ", s.images);
        for (int i = 1; i < 5; i++) TORCH_CHECK(std::isfinite(roi[i]), "roi_align: box ", k, " is not finite");
        if (s.ratio > 0) continue;
        double sides = std::max(std::abs(static_cast<double>(roi[3]) - roi[1]) / static_cast<double>(s.bins_w), std::abs(static_cast<double>(roi[4]) - roi[2]) / static_cast<double>(s.bins_h));
        TORCH_CHECK(sides * s.scale <= kMostSamples, "roi_align: box ", k, " is larger than any picture");
    }
}

struct RoiAlign : torch::autograd::Function<RoiAlign> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& rois, double scale, int64_t bins_h, int64_t bins_w, int64_t ratio, bool aligned) {
        Shape s{x.size(0), x.size(1), x.size(2), x.size(3), bins_h, bins_w, ratio, scale, aligned};
        auto input = x.contiguous(at::MemoryFormat::ChannelsLast);
        auto y = at::empty({rois.size(0), s.channels, bins_h, bins_w}, x.options(), at::MemoryFormat::ChannelsLast);
        if (x.scalar_type() == at::kFloat) {
            check<float>(s, rois);
            ::forward<float>(s, input, rois, y);
        } else {
            check<double>(s, rois);
            ::forward<double>(s, input, rois, y);
        }
        context->save_for_backward({rois});
        context->saved_data["sizes"] = x.sizes().vec();
        context->saved_data["bins_h"] = bins_h;
        context->saved_data["bins_w"] = bins_w;
        context->saved_data["ratio"] = ratio;
        context->saved_data["scale"] = scale;
        context->saved_data["aligned"] = aligned;
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto rois = context->get_saved_variables()[0];
        auto sizes = context->saved_data["sizes"].toIntVector();
        Shape s{sizes[0], sizes[1], sizes[2], sizes[3], context->saved_data["bins_h"].toInt(), context->saved_data["bins_w"].toInt(), context->saved_data["ratio"].toInt(),
                context->saved_data["scale"].toDouble(), context->saved_data["aligned"].toBool()};
        auto dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
        auto dx = at::empty(sizes, dy.options(), at::MemoryFormat::ChannelsLast).zero_();
        if (dy.scalar_type() == at::kFloat) ::backward<float>(s, dy, rois, dx);
        else ::backward<double>(s, dy, rois, dx);
        return {dx, Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

Tensor roi_align(const Tensor& x, const Tensor& rois, double scale, int64_t bins_h, int64_t bins_w, int64_t ratio, bool aligned) {
    TORCH_CHECK(x.dim() == 4 && x.size(1) > 0 && x.size(2) > 0 && x.size(3) > 0, "roi_align: a feature map [N, C, H, W] is needed, not ", x.sizes());
    TORCH_CHECK(rois.dim() == 2 && rois.size(1) == 5, "roi_align: boxes [K, 5] are needed, not ", rois.sizes());
    TORCH_CHECK(bins_h > 0 && bins_w > 0 && bins_h <= 256 && bins_w <= 256 && ratio <= 64 && scale > 0 && std::isfinite(scale), "roi_align: bins, sampling ratio or scale out of range");
    if (!x.device().is_cpu()) return roi_align(x.cpu(), rois.cpu(), scale, bins_h, bins_w, ratio, aligned).to(x.device());
    if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble)
        return roi_align(x.to(at::kFloat), rois.to(at::kFloat), scale, bins_h, bins_w, ratio, aligned).to(x.scalar_type());
    return RoiAlign::apply(x, rois.detach().to(x.scalar_type()).contiguous(), scale, bins_h, bins_w, ratio, aligned);
}

} // namespace

TORCH_LIBRARY_FRAGMENT(fovea, library) {
    library.def("roi_align(Tensor x, Tensor rois, float scale, int bins_h, int bins_w, int ratio=-1, bool aligned=False) -> Tensor");
    library.impl("roi_align", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(roi_align)));
}
