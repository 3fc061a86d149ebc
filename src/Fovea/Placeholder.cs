namespace Fovea;
