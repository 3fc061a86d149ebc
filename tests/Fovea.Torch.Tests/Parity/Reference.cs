using Fovea.Torch.Files;
using Fovea.Torch.Tests.Files;

namespace Fovea.Torch.Tests.Parity;

/// <summary>An archive of oracle/torch_parity.py.</summary>
internal sealed class Reference(string name)
{
    private readonly IReadOnlyDictionary<string, StoredTensor> _arrays = Npz.Read(TestFiles.Fixture($"../torch/{name}.npz"));

    internal IEnumerable<string> Cases => _arrays.Keys.Where(k => k.EndsWith(".out0", StringComparison.Ordinal)).Select(k => k[..^5]).Order(StringComparer.Ordinal);

    internal IReadOnlyDictionary<string, StoredTensor> Arrays => _arrays;

    internal Tensor Read(string key) => Tensor.From(_arrays[key]);

    internal Tensor[] Inputs(string name)
    {
        var inputs = new List<Tensor>();
        while (_arrays.ContainsKey($"{name}.in{inputs.Count}")) inputs.Add(Read($"{name}.in{inputs.Count}"));
        return [.. inputs];
    }

    /// <summary>Inputs that have a gradient in the archive record theirs; results and gradients must agree to <paramref name="tolerance"/>.</summary>
    internal void Check(string name, Func<Tensor[], Tensor[]> function, double tolerance)
    {
        using var scope = new TensorScope();
        var inputs = Inputs(name);
        for (var i = 0; i < inputs.Length; i++)
            if (_arrays.ContainsKey($"{name}.grad{i}")) inputs[i].RequiresGrad = true;
        var outputs = function(inputs);
        for (var i = 0; i < outputs.Length; i++) AssertClose($"{name}.out{i}", outputs[i], tolerance);
        Assert.False(_arrays.ContainsKey($"{name}.out{outputs.Length}"), $"{name}: the oracle has more results");
        if (!_arrays.Keys.Any(k => k.StartsWith($"{name}.grad", StringComparison.Ordinal))) return;

        var cotangent = new float[outputs[0].Elements];
        for (var i = 0; i < cotangent.Length; i++) cotangent[i] = (float)Math.Cos(i);
        outputs[0].Backward(Tensor.From(cotangent, outputs[0].Shape));
        for (var i = 0; i < inputs.Length; i++)
            if (_arrays.ContainsKey($"{name}.grad{i}")) AssertClose($"{name}.grad{i}", inputs[i].Grad!, tolerance);
    }

    /// <summary>Same shape and type; the largest absolute difference is at most <paramref name="tolerance"/> of the reference's largest magnitude.</summary>
    internal void AssertClose(string key, Tensor actual, double tolerance)
    {
        using var scope = new TensorScope();
        var expected = Read(key);
        Assert.True(expected.Shape.AsSpan().SequenceEqual(actual.Shape), $"{key}: shape [{string.Join(", ", actual.Shape)}], expected [{string.Join(", ", expected.Shape)}]");
        Assert.True(expected.Type == actual.Type, $"{key}: {actual.Type}, expected {expected.Type}");
        var (a, e) = (actual.To(ScalarType.Float64).ToArray<double>(), expected.To(ScalarType.Float64).ToArray<double>());
        var largest = e.Length == 0 ? 0 : e.Max(Math.Abs);
        for (var i = 0; i < a.Length; i++)
            Assert.True(Math.Abs(a[i] - e[i]) <= tolerance * largest, $"{key}[{i}]: {a[i]:R}, expected {e[i]:R}");
    }
}
