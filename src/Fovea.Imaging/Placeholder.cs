namespace Fovea.Imaging;
