namespace Fovea.Torch.Serving;

/// <summary>
/// Rewrites a recorded forward pass so that it does the same with fewer passes over memory. Each rule is exact algebra on constants; what no rule knows stays libtorch's operator.
/// </summary>
internal sealed class Fusion(List<Step> steps, List<long[]> shapes, IReadOnlyCollection<int> outputs, List<Tensor> held)
{
    private static readonly Operator Relu = new("relu"), Hardtanh = new("hardtanh"), Narrow = new("narrow"), Copy = new("copy_"), Room = new("fovea::serve_room");
    private readonly List<Step> _steps = steps;

    /// <param name="kept">Constants whose weights must stay; null: all stay. Other weights are given up as they are packed.</param>
    internal List<Step> Run(IReadOnlyCollection<Tensor>? kept = null)
    {
        for (var i = 0; i < _steps.Count; i++) _steps[i] = FusedConvolution.Of(_steps[i], shapes) ?? OutOfPlace(_steps[i]);
        FuseFollowers();
        FuseGates();
        FuseNormsBefore();
        FuseExpansions();
        JoinInPlace();
        DropUnused();
        var convolutions = _steps.OfType<FusedConvolution>().ToList();
        var uses = convolutions.SelectMany(c => c.Parts).Select(c => OperatorRecorder.Address(c.Weight)).Concat(_steps.Where(s => s is not FusedConvolution).SelectMany(s => s.Arguments).Select(a => a.Constant.Reference).OfType<Tensor>()
            .Concat(kept ?? []).Select(OperatorRecorder.Address)).CountBy(a => a).ToDictionary();
        foreach (var conv in convolutions)
        {
            conv.Finish(held);
            if (kept is null) continue;
            foreach (var part in conv.Parts)
                if (--uses[OperatorRecorder.Address(part.Weight)] == 0) part.GiveUpWeight();
        }
        return _steps;
    }

    private Dictionary<int, List<Step>> Users()
    {
        var users = new Dictionary<int, List<Step>>();
        foreach (var step in _steps)
            foreach (var value in step.Uses.Distinct())
            {
                if (!users.TryGetValue(value, out var list)) users[value] = list = [];
                list.Add(step);
            }
        return users;
    }

    private static Step? Only(Dictionary<int, List<Step>> users, int value) => users.TryGetValue(value, out var list) && list.Count == 1 ? list[0] : null;

    // Steps move, so nothing may be written over.
    internal static Step OutOfPlace(Step step)
    {
        if (step.Is("aten::relu_")) step.Op = Relu;
        if (step.Is("aten::hardtanh_")) step.Op = Hardtanh;
        return step;
    }

    /// <summary>Batch norm, activation, addition behind a convolution whose result nothing else sees. The convolution takes the place of the last, by when a shortcut is there.</summary>
    private void FuseFollowers()
    {
        var users = Users();
        for (var i = 0; i < _steps.Count; i++)
        {
            if (_steps[i] is not FusedConvolution conv) continue;
            var value = conv.Results[0];
            if (outputs.Contains(value) || Only(users, value) is not { } next || !Absorb(conv, next)) continue;
            conv.Results = next.Results;
            if (conv.Residual >= 0 && users.TryGetValue(conv.Residual, out var others) && others.Remove(next)) others.Add(conv);
            _steps[_steps.IndexOf(next)] = conv;
            _steps.RemoveAt(i--);
        }
    }

    private bool Absorb(FusedConvolution conv, Step next)
    {
        var value = conv.Results[0];
        if (next is FusedConvolution || conv.Activation != ServingActivation.None) return false;
        if (next.Is("fovea::batch_norm_act"))
        {
            if (conv.Residual >= 0 || next.Arguments[0].Value != value || Norm(next) is not { } norm) return false;
            var residual = next.Arguments.Length > 9 ? next.Arguments[9].Value : -1;
            if (residual == value) return false;
            conv.Fold(norm.Scale, norm.Offset);
            (conv.Activation, conv.Residual) = ((ServingActivation)next.Int(8), residual);
            return true;
        }
        if (next.Is("aten::add") && next.Arguments.Length == 2)
        {
            int a = next.Arguments[0].Value, b = next.Arguments[1].Value;
            if (conv.Residual >= 0 || a < 0 || b < 0 || a == b || !shapes[a].AsSpan().SequenceEqual(shapes[b])) return false;
            conv.Residual = a == value ? b : a;
            return true;
        }
        ServingActivation? activation = next.Op.Name switch
        {
            "aten::relu" => ServingActivation.Relu,
            "aten::hardtanh" when next.Double(1) == 0 && next.Double(2) == 6 => ServingActivation.Relu6,
            "aten::silu" => ServingActivation.Silu,
            "aten::hardswish" => ServingActivation.Hardswish,
            "aten::sigmoid" => ServingActivation.Sigmoid,
            "aten::hardsigmoid" => ServingActivation.Hardsigmoid,
            _ => null,
        };
        if (activation is null) return false;
        conv.Activation = activation.Value;
        return true;
    }

    /// <summary>y = x·Scale + Offset of a batch norm that uses its running values.</summary>
    private static (double[] Scale, double[] Offset)? Norm(Step step)
    {
        Tensor?[] parts = [step.Weight(1), step.Weight(2), step.Weight(3), step.Weight(4)];
        if (parts.Contains(null) || step.Int(5) != 0) return null;
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var numbers = Array.ConvertAll(parts, p => p!.To(ScalarType.Float64).ToArray<double>());
        var eps = step.Double(7);
        double[] scale = [.. numbers[0].Zip(numbers[3], (w, variance) => w / Math.Sqrt(variance + eps))];
        return (scale, [.. numbers[1].Select((b, i) => b - numbers[2][i] * scale[i])]);
    }

    /// <summary>Squeeze and excitation: x·gate goes into the convolution that takes it, and a depthwise convolution before it adds up the means that the gate starts from.</summary>
    private void FuseGates()
    {
        var users = Users();
        foreach (var step in _steps.Where(s => s.Is("aten::mul")).ToArray())
        {
            int x = step.Arguments[0].Value, gate = step.Arguments[1].Value, result = step.Results[0];
            if (x < 0 || gate < 0 || shapes[x].Length != 4 || shapes[gate] is not [_, var channels, 1, 1] || channels != shapes[x][1] || outputs.Contains(result)) continue;
            if (Only(users, result) is not FusedConvolution { Gate: < 0, Before: null } conv || conv.Geometry[10] != FusedConvolution.Product || conv.Residual == result) continue;
            (conv.Input, conv.Gate) = (x, gate);
            _steps.Remove(step);
        }
        users = Users();
        foreach (var step in _steps.Where(s => s.Is("aten::adaptive_avg_pool2d")).ToArray())
        {
            var (x, mean) = (step.Arguments[0].Value, step.Results[0]);
            if (step.Ints(1) is not [1, 1] || outputs.Contains(mean) || _steps.OfType<FusedConvolution>().FirstOrDefault(c => c.Results[0] == x) is not { } conv) continue;
            if (conv.Geometry[10] != FusedConvolution.Depthwise || conv.Residual >= 0 || conv.Results.Length > 1 || !users[mean].All(u => u is FusedConvolution f && f.Input == mean)
                || !users[x].All(u => u == step || u is FusedConvolution { Gate: >= 0 })) continue;
            conv.GiveMean(mean);
            _steps.Remove(step);
        }
    }

    /// <summary>Batch norm and relu before convolutions (DenseNet, pre-activation networks), where all that see the result are convolutions that can do them while they read.</summary>
    private void FuseNormsBefore()
    {
        var users = Users();
        foreach (var step in _steps.Where(s => s.Is("fovea::batch_norm_act")).ToArray())
        {
            var result = step.Results[0];
            if (step.Int(8) != (long)Activation.Relu || (step.Arguments.Length > 9 && step.Arguments[9].Value >= 0) || outputs.Contains(result) || step.Arguments[0].Value < 0) continue;
            if (!users.TryGetValue(result, out var all) || !all.All(u => u is FusedConvolution { Gate: < 0, Before: null } c && c.Geometry[10] == FusedConvolution.Product && c.Geometry[9] == 1 && c.Residual != result)) continue;
            if (shapes[result].Length != 4 || Norm(step) is not { } norm) continue;
            Tensor Keep(double[] values)
            {
                var tensor = Tensor.From<float>([.. values.Select(v => (float)v)], values.Length).OutliveScopes();
                held.Add(tensor);
                return tensor;
            }
            var before = (Keep(norm.Scale), Keep(norm.Offset));
            foreach (var conv in all.Cast<FusedConvolution>()) (conv.Input, conv.Before) = (step.Arguments[0].Value, before);
            _steps.Remove(step);
        }
    }

    /// <summary>Inverted residuals: the wide map between a 1×1 convolution and the depthwise one that alone sees it is made strip by strip in the cache.</summary>
    private void FuseExpansions()
    {
        var users = Users();
        foreach (var conv in _steps.OfType<FusedConvolution>().Where(c => c.Geometry[10] == FusedConvolution.Depthwise).ToArray())
        {
            if (outputs.Contains(conv.Input) || Only(users, conv.Input) != conv || conv.Residual == conv.Input) continue;
            if (_steps.OfType<FusedConvolution>().FirstOrDefault(c => c.Results[0] == conv.Input) is not { IsPlainProduct: true } expansion || shapes[expansion.Input].Length != 4) continue;
            conv.Expand(expansion);
            _steps.Remove(expansion);
        }
    }

    /// <summary>Joining along the channels: convolutions write where the joined map lies, and a map that only grows (DenseNet's) is never copied.</summary>
    private void JoinInPlace()
    {
        var makers = new Dictionary<int, Step>();
        foreach (var step in _steps)
            foreach (var result in step.Results) makers[result] = step;
        var roots = new HashSet<int>(); // joined maps that are part of a larger one
        foreach (var join in _steps.Where(IsJoin))
            if (makers.TryGetValue(join.Arguments[0].Values![0], out var first) && IsJoin(first)) roots.Add(first.Results[0]);
        foreach (var join in _steps.Where(s => IsJoin(s) && !roots.Contains(s.Results[0])).ToArray()) Join(join, makers);
    }

    private bool IsJoin(Step step) => step.Is("aten::cat") && step.Arguments[0].Values is { } values && step.Int(1) == 1 && values.All(v => shapes[v].Length == 4);

    private void Join(Step last, Dictionary<int, Step> makers)
    {
        var joins = new List<Step> { last };
        while (makers.TryGetValue(joins[0].Arguments[0].Values![0], out var first) && IsJoin(first)) joins.Insert(0, first);
        int[] parts = [joins[0].Arguments[0].Values![0], .. joins.SelectMany(j => j.Arguments[0].Values!.Skip(1))];
        if (parts.Distinct().Count() != parts.Length || !parts.All(makers.ContainsKey) || !parts.Any(p => makers.TryGetValue(p, out var m) && m is FusedConvolution { Room: < 0, Op.Name: "fovea::serve_conv" })) return;

        var whole = last.Results[0];
        var shape = shapes[whole];
        var at = parts.Min(p => _steps.IndexOf(makers[p]));
        var like = _steps[at].Uses.First();
        var room = New(shape);
        _steps.Insert(at, new Step(Room, [Argument.Of(like), new Argument { Constant = shape[1] }, new Argument { Constant = shape[2] }, new Argument { Constant = shape[3] }], [room]));
        var offset = 0L;
        foreach (var part in parts)
        {
            var channels = shapes[part][1];
            var slice = New(shapes[part]);
            var view = new Step(Narrow, [Argument.Of(room), new Argument { Constant = 1L }, new Argument { Constant = offset }, new Argument { Constant = channels }], [slice]);
            var maker = makers[part];
            if (maker is FusedConvolution { Room: < 0, Op.Name: "fovea::serve_conv" } conv)
            {
                conv.Room = slice;
                _steps.Insert(_steps.IndexOf(maker), view);
            }
            else
            {
                _steps.Insert(_steps.IndexOf(maker) + 1, view);
                _steps.Insert(_steps.IndexOf(maker) + 2, new Step(Copy, [Argument.Of(slice), Argument.Of(part)], [New(shapes[part])]));
            }
            offset += channels;
        }
        foreach (var join in joins)
            _steps[_steps.IndexOf(join)] = new Step(Narrow, [Argument.Of(room), new Argument { Constant = 1L }, new Argument { Constant = 0L }, new Argument { Constant = shapes[join.Results[0]][1] }], join.Results);
    }

    /// <summary>Steps whose results nothing needs, unless they fill a part of a joined map.</summary>
    private void DropUnused()
    {
        var needed = new HashSet<int>(outputs);
        for (var i = _steps.Count - 1; i >= 0; i--)
            if (_steps[i].Is("aten::copy_") || _steps[i] is FusedConvolution { Room: >= 0 } || _steps[i].Results.Any(needed.Contains)) needed.UnionWith(_steps[i].Uses);
            else _steps.RemoveAt(i);
    }

    private int New(long[] shape)
    {
        shapes.Add(shape);
        return shapes.Count - 1;
    }
}
