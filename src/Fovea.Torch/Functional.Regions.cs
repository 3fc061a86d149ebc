namespace Fovea.Torch;

public static partial class Functional
{
    /// <summary>
    /// Means of a feature map over the bins of boxes, by bilinear sampling (He et al. 2017, arXiv 1703.06870); equals torchvision's roi_align. The gradient goes to <paramref name="x"/> alone.
    /// Fastest where <paramref name="x"/> is channels-last.
    /// </summary>
    /// <param name="x">[N, C, H, W].</param>
    /// <param name="rois">[K, 5]: number of the image in the batch, left, top, right, bottom in pixels of the picture.</param>
    /// <param name="scale">Pixels of the map for a pixel of the picture: 1/stride.</param>
    /// <param name="bins">Bins down and across, up to 256.</param>
    /// <param name="samplingRatio">Samples along each side of a bin, up to 64; −1 (default): as many as the bin has pixels of the map, rounded up.</param>
    /// <param name="aligned">The picture's pixel 0 reaches from 0 to 1, as Fovea counts. False (default) is the older half-pixel shift, which torchvision's Faster R-CNN uses; boxes are then at least a pixel of the map large.</param>
    /// <returns>[K, C, bins, bins], channels-last.</returns>
    /// <exception cref="TorchException">A box is not finite, of no image of the batch, or absurdly large.</exception>
    public static Tensor RoIAlign(Tensor x, Tensor rois, double scale, Extent bins, long samplingRatio = -1, bool aligned = false) =>
        Operators.RoiAlign.Call(x, rois, scale, bins.Height, bins.Width, samplingRatio, aligned);
}
