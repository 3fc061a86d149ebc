using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Files;

namespace Fovea.Training.Grading;

/// <summary>
/// Grades with somebody's own TorchScript program. It says nothing of itself, so the caller declares what is done to a photograph and what the outputs mean.
/// Here and not in Fovea, so that no service can be made to run such a program. Safe for concurrent calls.
/// </summary>
public sealed class TorchScriptGrader : IDisposable
{
    private readonly TorchScriptProgram _program;
    private readonly PreprocessingSpec _preprocessing;
    private readonly GradeDecoder _decoder;

    private TorchScriptGrader(TorchScriptProgram program, PreprocessingSpec preprocessing, HeadSpec head, IReadOnlyList<string> classes)
    {
        (_program, _preprocessing, Classes) = (program, preprocessing, classes);
        _decoder = new GradeDecoder(head);
    }

    /// <summary>Names of the grades.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The file as the caller named it.</summary>
    public string Name => _program.Name;

    /// <summary>Of the file, lower-case hexadecimal.</summary>
    public string Sha256 => _program.Sha256;

    /// <summary>Loads a program and runs it once on a black image, so that a wrong size or number of outputs is known before the first photograph.</summary>
    /// <param name="preprocessing">Its size and normalisation are the program's input.</param>
    /// <param name="head">What the program's outputs [N, outputs] mean, before any softmax or sigmoid.</param>
    /// <param name="classes">Names, as many as <paramref name="head"/> has classes.</param>
    /// <exception cref="WeightsFormatException">The file is no program, or the program does not take this input or give these outputs.</exception>
    /// <exception cref="ArgumentException">Preprocessing, head and names are impossible or do not fit together.</exception>
    public static TorchScriptGrader Load(string path, PreprocessingSpec preprocessing, HeadSpec head, IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(classes);
        if ((preprocessing.Problem() ?? head.Problem()) is { } problem) throw new ArgumentException(problem);
        if (classes.Count != head.Classes) throw new ArgumentException($"{classes.Count} names for {head.Classes} classes", nameof(classes));
        var grader = new TorchScriptGrader(TorchScriptProgram.Load(path), preprocessing, head, classes);
        try
        {
            using var scope = new TensorScope();
            grader.Logits(Tensor.Zeros(1, 3, preprocessing.Size, preprocessing.Size));
            return grader;
        }
        catch
        {
            grader.Dispose();
            throw;
        }
    }

    /// <summary>Grades one photograph. Its quality is the caller's to judge first.</summary>
    /// <exception cref="WeightsFormatException">The program failed, or put out something that is not a number.</exception>
    public GradeResult Grade(FundusImage photograph)
    {
        ArgumentNullException.ThrowIfNull(photograph);
        var prepared = Preprocessor.Prepare(photograph, _preprocessing);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = Logits(ImageBatch.ToTensor([prepared.Pixels], _preprocessing));
        try
        {
            return new GradeResult(photograph.Name, _decoder.Decode(logits)[0], prepared);
        }
        catch (NotFiniteNumberException e)
        {
            throw new WeightsFormatException(Name, e.Message, "Check --preprocessing, and the program itself.", e);
        }
    }

    public void Dispose() => _program.Dispose();

    /// <summary>Programs are traced with contiguous tensors, and may depend on it.</summary>
    private Tensor Logits(Tensor x)
    {
        var logits = _program.Call(x.Contiguous());
        var shape = logits.Shape;
        if (shape is [1, var outputs] && outputs == _decoder.Head.Outputs) return logits;
        throw new WeightsFormatException(Name, $"for one image the program gives [{string.Join(", ", shape)}], not [1, {_decoder.Head.Outputs}]", "Give as many --classes as it has, and its --head.");
    }
}
