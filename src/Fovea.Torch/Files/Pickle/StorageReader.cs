namespace Fovea.Torch.Files.Pickle;

/// <summary>Makes tensors of the views of a checkpoint. A storage that one tensor fills is handed over as it was read; shared ones are copied
/// from.</summary>
internal sealed class StorageReader
{
    private readonly BoundedZip _zip;
    private readonly string _folder;
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, byte[]> _shared = new(StringComparer.Ordinal);
    private long _bytesLeft;

    /// <param name="zip">The checkpoint.</param>
    /// <param name="folder">Where the storages lie, with the slash.</param>
    /// <param name="views">Every view that will be read, once each.</param>
    /// <param name="maxBytes">Bound on the sum of all tensors: expanded views can be far larger than their storage.</param>
    public StorageReader(BoundedZip zip, string folder, IEnumerable<PickleTensor> views, long maxBytes)
    {
        (_zip, _folder, _bytesLeft) = (zip, folder, maxBytes);
        foreach (PickleTensor view in views) _uses[view.Storage.Key] = _uses.GetValueOrDefault(view.Storage.Key) + 1;
    }

    /// <summary>The tensor of a view, contiguous, with data of its own.</summary>
    /// <exception cref="FormatFault">The storage's size is not what the pickle says, or the tensors take more than allowed.</exception>
    /// <exception cref="InvalidDataException">The zip entry is missing or damaged.</exception>
    public StoredTensor Read(string name, PickleTensor view)
    {
        string shown = FormatFault.Printable(name);
        ScalarType type = view.Storage.Type;
        long bytes = StoredTensor.TryByteCount(type, view.Shape)
            ?? throw new FormatFault($"\"{shown}\" has an impossible shape {FormatFault.Shape(view.Shape)}");
        _bytesLeft -= bytes;
        if (_bytesLeft < 0) throw new FormatFault($"its tensors up to \"{shown}\" take far more memory than the file has bytes");

        byte[] storage = Load(view.Storage, shown);
        if (bytes == storage.Length && view.Offset == 0 && !_shared.ContainsKey(view.Storage.Key) && Strided.IsContiguous(view.Shape, view.Strides))
        {
            return StoredTensor.FromFile(type, view.Shape, storage);
        }

        byte[] data = FormatFault.Allocate(bytes, $"\"{shown}\"");
        Strided.Copy(storage, type.ElementSize(), view.Offset, view.Shape, view.Strides, data);
        return StoredTensor.FromFile(type, view.Shape, data);
    }

    private byte[] Load(PickleStorage storage, string tensor)
    {
        if (_shared.TryGetValue(storage.Key, out byte[]? bytes))
        {
            CheckLength(storage, bytes.Length, tensor);
            if (--_uses[storage.Key] == 0) _shared.Remove(storage.Key);
            return bytes;
        }

        string entry = _folder + storage.Key;
        CheckLength(storage, _zip.Length(entry), tensor);
        bytes = _zip.ReadAll(entry, Array.MaxLength);
        if (--_uses[storage.Key] > 0) _shared.Add(storage.Key, bytes);
        return bytes;
    }

    private static void CheckLength(PickleStorage storage, long length, string tensor)
    {
        if (length != (Int128)storage.Count * storage.Type.ElementSize())
        {
            throw new FormatFault(
                $"the storage \"{storage.Key}\" of \"{tensor}\" has {length} bytes, which is not {storage.Count} elements of {storage.Type}");
        }
    }
}
