namespace Fovea.Training;
