using Fovea.Torch.Modules;

namespace Fovea.Torch.Tests;

/// <summary>Who disposes what, on which thread, and what is said when it was too early.</summary>
public sealed class LifetimeTests : IClassFixture<LeakCheck>
{
    private static Sequential Network() => new(new Conv2d(3, 8, 3, padding: 1, bias: false), new BatchNorm2d(8), new Relu6(inPlace: true), new Dropout(), new GlobalAveragePool(), new Linear(8, 5));

    [Fact]
    public void Use_AfterDispose_SaysSo()
    {
        var tensor = Tensor.Ones(3);
        tensor.Dispose();
        tensor.Dispose(); // a second time does nothing
        Assert.Contains("disposed", tensor.ToString(), StringComparison.Ordinal);
        var e = Assert.Throws<ObjectDisposedException>(() => tensor + 1);
        Assert.Contains("the tensor was disposed", e.Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(() => tensor.ToArray<float>());
        Assert.Throws<ObjectDisposedException>(() => tensor.Grad);
    }

    [Fact]
    public void Use_OfATensorFromAnEndedScope_SaysSo()
    {
        Tensor escaped;
        using (new TensorScope()) escaped = Tensor.Ones(3);
        Assert.Throws<ObjectDisposedException>(() => escaped * 2);
    }

    [Fact]
    public void Call_InputHandedThrough_StaysTheCallers()
    {
        using var identity = new Identity();
        using var x = Tensor.Ones(2);
        Assert.Same(x, identity.Call(x, Phase.Inference));
        using (new TensorScope()) Assert.Same(x, identity.Call(x, Phase.Inference));
        Assert.Equal([1f, 1], x.ToArray<float>());
    }

    [Fact]
    public void Call_ThatThrows_DisposesWhatItMade()
    {
        using var net = Network();
        using var wrong = Tensor.Ones(1, 4, 8, 8);
        var before = TorchMemory.Statistics.Handles;
        Assert.Throws<TorchException>(() => net.Call(wrong, Phase.Inference));
        Assert.Equal(before, TorchMemory.Statistics.Handles);
    }

    [Fact]
    public void Scope_OnAnotherThread_LeavesThisThreadsTensorsAlone()
    {
        using var scope = new TensorScope();
        var mine = Tensor.Ones(3);
        var handles = TorchMemory.Statistics.Handles;
        var thread = new Thread(() =>
        {
            using var other = new TensorScope();
            _ = mine + 1;
        });
        thread.Start();
        thread.Join();
        Assert.Equal(handles, TorchMemory.Statistics.Handles);
        Assert.Equal([1f, 1, 1], mine.ToArray<float>());
    }

    [Fact]
    public void NoGrad_OnOneThread_DoesNotReachAnother()
    {
        using var noGrad = new NoGrad();
        var recorded = false;
        var thread = new Thread(() =>
        {
            using var scope = new TensorScope();
            var x = Tensor.Ones(2);
            x.RequiresGrad = true;
            recorded = (x * 2).RequiresGrad;
        });
        thread.Start();
        thread.Join();
        Assert.True(recorded);
    }

    [Fact]
    public void Inference_FromFourThreads_GivesEachTheSingleThreadsBits()
    {
        using var net = Network();
        var inputs = new float[4][];
        var expected = new float[4][];
        for (var i = 0; i < 4; i++)
        {
            using var scope = new TensorScope();
            var x = Tensor.Randn(2, 3, 16, 16);
            inputs[i] = x.ToArray<float>();
            expected[i] = Infer(net, inputs[i]);
        }
        var wrong = 0;
        var threads = Enumerable.Range(0, 4).Select(i => new Thread(() =>
        {
            for (var repeat = 0; repeat < 25; repeat++)
                if (!Infer(net, inputs[i]).AsSpan().SequenceEqual(expected[i])) Interlocked.Increment(ref wrong);
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Assert.Equal(0, wrong);
    }

    private static float[] Infer(Layer net, float[] input)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        return net.Call(Tensor.From(input, 2, 3, 16, 16).To(MemoryFormat.ChannelsLast), Phase.Inference).ToArray<float>();
    }

    [Fact]
    public void Sequential_InferenceWithoutGradients_HoldsNoMoreThanItsResult()
    {
        using var net = Network();
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = Tensor.Ones(1, 3, 8, 8);
        var before = TorchMemory.Statistics.Handles;
        _ = net.Call(x, Phase.Inference);
        Assert.Equal(before + 1, TorchMemory.Statistics.Handles);
    }
}
