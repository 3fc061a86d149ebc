namespace Fovea.Torch;
