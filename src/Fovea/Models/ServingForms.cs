using Fovea.Torch;
using Fovea.Torch.Serving;

namespace Fovea.Models;

/// <summary>The forms in which a network serves, one for each size of image and kind of answer; the few that were used last are kept. Safe for concurrent calls.</summary>
/// <param name="most">How many are kept.</param>
internal sealed class ServingForms<TKey>(int most = 4) : IDisposable where TKey : IEquatable<TKey>
{
    private readonly Lock _lock = new();
    private readonly List<Form> _forms = []; // the one used last at the end

    /// <param name="make">Makes the form where there is none.</param>
    /// <param name="run">Uses it.</param>
    public T Use<T>(TKey key, Func<ServingProgram> make, Func<ServingProgram, T> run)
    {
        var form = Rent(key, make);
        try
        {
            return run(form.Program);
        }
        finally
        {
            lock (_lock) form.Users--;
        }
    }

    private Form Rent(TKey key, Func<ServingProgram> make)
    {
        lock (_lock)
        {
            var form = _forms.Find(f => f.Key.Equals(key));
            if (form is null)
            {
                form = new Form(key, make());
                TorchMemory.ReleaseCache(); // what folding and packing took for a moment
                while (_forms.Count >= most && _forms.Find(f => f.Users == 0) is { } idle) Drop(idle);
            }
            _forms.Remove(form);
            _forms.Add(form);
            form.Users++;
            return form;
        }
    }

    private void Drop(Form form)
    {
        _forms.Remove(form);
        form.Program.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
            while (_forms.Count > 0) Drop(_forms[0]);
    }

    private sealed class Form(TKey key, ServingProgram program)
    {
        public TKey Key { get; } = key;

        public ServingProgram Program { get; } = program;

        public int Users { get; set; }
    }
}
