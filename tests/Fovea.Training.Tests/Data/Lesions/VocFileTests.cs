using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Tests.Data.Lesions;

public sealed class VocFileTests
{
    /// <summary>As labelImg 1.8 writes it, on a machine whose folders are not ours.</summary>
    private const string LabelImg = """
        <annotation>
        	<folder>photos</folder>
        	<filename>eye.jpg</filename>
        	<path>C:\Users\grader\photos\eye.jpg</path>
        	<source>
        		<database>Unknown</database>
        	</source>
        	<size>
        		<width>100</width>
        		<height>80</height>
        		<depth>3</depth>
        	</size>
        	<segmented>0</segmented>
        	<object>
        		<name>microaneurysm</name>
        		<pose>Unspecified</pose>
        		<truncated>1</truncated>
        		<difficult>0</difficult>
        		<bndbox>
        			<xmin>10</xmin>
        			<ymin>20</ymin>
        			<xmax>30</xmax>
        			<ymax>44</ymax>
        		</bndbox>
        	</object>
        </annotation>
        """;

    private static VocAnnotation Parse(string xml, VocCorners? corners = null) => VocFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(xml)), "eye.xml", corners);

    [Fact]
    public void Read_LabelImgFile_EdgesAsTheMouseDrewThem()
    {
        var voc = Parse(LabelImg);
        Assert.Equal(("eye.jpg", 100, 80), (voc.FileName, voc.Width, voc.Height));
        Assert.Equal([new VocObject("microaneurysm", new MarkedBox(10, 20, 30, 44)) { Truncated = true }], voc.Objects);
    }

    // Columns 10 to 30 counted from 1 are 9 to 29 counted from 0: from the left edge of 9 to the right edge of 29, which is 30.
    [Fact]
    public void Read_DevelopmentKitFile_FirstAndLastPixelCountedFromOne() =>
        Assert.Equal(new MarkedBox(9, 19, 30, 44), Parse(LabelImg.Replace("Unknown", "The VOC2007 Database")).Objects[0].Bounds);

    [Fact]
    public void Read_CornersGiven_CountsAsTold() => Assert.Equal(new MarkedBox(9, 19, 30, 44), Parse(LabelImg, VocCorners.Pixels).Objects[0].Bounds);

    [Fact]
    public void Read_PartsWithBoxesOfTheirOwn_AreNotTheObjects()
    {
        var voc = Parse(LabelImg.Replace("</object>", "<part><name>head</name><bndbox><xmin>1</xmin></bndbox></part></object>"));
        Assert.Equal("microaneurysm", Assert.Single(voc.Objects).Name);
    }

    [Fact]
    public void Read_OnlyWhatIsNeeded_RestByDefault()
    {
        var voc = Parse("<annotation><object><name>irma</name><bndbox><ymax>4</ymax><xmin>1.5</xmin><ymin>2</ymin><xmax>3e1</xmax></bndbox></object></annotation>");
        Assert.Equal((null, null, null), (voc.FileName, voc.Width, voc.Height));
        Assert.Equal(new VocObject("irma", new MarkedBox(0.5, 1, 30, 4)), Assert.Single(voc.Objects));
    }

    [Theory]
    [InlineData("eye.jpg", "/etc/passwd", "passwd")]
    [InlineData("eye.jpg", @"..\..\secret.png", "secret.png")]
    [InlineData("eye.jpg", "  ", null)]
    public void Read_FileNameWithFolders_KeepsTheNameOnly(string old, string name, string? expected) => Assert.Equal(expected, Parse(LabelImg.Replace($"<filename>{old}", $"<filename>{name}")).FileName);

    [Theory]
    [InlineData("<xmin>10</xmin>", "", "object 1 has no 'bndbox/xmin'")]
    [InlineData("<name>microaneurysm</name>", "<name></name>", "object 1 has no 'name'")]
    [InlineData("<xmax>30", "<xmax>NaN", "'xmax' of object 1 is 'NaN'")]
    [InlineData("<xmax>30", "<xmax>1e300", "not a number of at most 1000000")]
    [InlineData("<xmax>30", "<xmax>3,0", "'xmax' of object 1 is '3,0'")]
    [InlineData("<width>100", "<width>-3", "'size/width' is -3")]
    [InlineData("<xmin>10</xmin>", "<xmin>10</xmin><xmin>11</xmin>", "'bndbox/xmin' stands twice in object 1")]
    [InlineData("</annotation>", "", "not readable as XML")]
    [InlineData("<annotation>", "<!DOCTYPE annotation [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><annotation>", "not readable as XML")]
    [InlineData("<annotation>", "<?xml version='1.0' encoding='utf-7'?><annotation>", "not readable as XML")]
    [InlineData("<annotation>", "<?xml version='1.0' encoding='no-such'?><annotation>", "not readable as XML")]
    [InlineData("annotation>", "html>", "begins with <html>")]
    public void Read_Damaged_OneLineThatSaysWhere(string old, string text, string expected)
    {
        Assert.Contains(old, LabelImg);
        var message = Assert.Throws<DatasetException>(() => Parse(LabelImg.Replace(old, text))).Message;
        Assert.StartsWith("eye.xml: ", message);
        Assert.Contains(expected, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Read_Deep_Refused() => Assert.Contains("16 deep",
        Assert.Throws<DatasetException>(() => Parse("<annotation>" + string.Concat(Enumerable.Repeat("<a>", 100_000)))).Message);

    [Fact]
    public void Read_TooManyObjects_Refused() => Assert.Contains("more than 20000 objects",
        Assert.Throws<DatasetException>(() => Parse("<annotation>" + string.Concat(Enumerable.Repeat("<object/>", 20_001)))).Message);

    [Fact]
    public void Read_TooLarge_RefusedUnread()
    {
        using var folder = new TestFolder();
        var path = folder["large.xml"];
        using (var file = File.Create(path)) file.SetLength((4 << 20) + 1);
        Assert.Contains("too large", Assert.Throws<DatasetException>(() => VocFile.Read(path)).Message);
    }

    [Fact]
    public void Write_AnyBoxes_ReadTheSameAgain()
    {
        using var folder = new TestFolder();
        var boxes =
            from x in Gen.Choose(0, 5000) from y in Gen.Choose(0, 5000) from w in Gen.Choose(1, 500) from h in Gen.Choose(1, 500)
            from name in Gen.Elements("microaneurysm", "a < b & \"c\"", "Häm") from flags in Gen.Choose(0, 3)
            select new VocObject(name, new MarkedBox(x, y, x + w, y + h)) { Difficult = flags % 2 == 1, Truncated = flags > 1 };
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(50), Prop.ForAll(Arb.From(Gen.ListOf(boxes)), objects =>
        {
            var written = new VocAnnotation("eye & eye.jpg", 4288, 2848, [.. objects]);
            VocFile.Write(folder["eye.xml"], written);
            var read = VocFile.Read(folder["eye.xml"]);
            return (read.FileName, read.Width, read.Height) == (written.FileName, written.Width, written.Height) && read.Objects.SequenceEqual(written.Objects);
        }));
        Assert.Equal(["eye.xml"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Write_SmallerThanAPixel_StaysABox()
    {
        using var folder = new TestFolder();
        VocFile.Write(folder["eye.xml"], new VocAnnotation(null, null, null, [new VocObject("irma", new MarkedBox(3.1, 4.6, 3.3, 6.4))]));
        var read = VocFile.Read(folder["eye.xml"]);
        Assert.Equal(new MarkedBox(3, 5, 4, 6), Assert.Single(read.Objects).Bounds);
        Assert.Null(read.Width);
    }

    /// <summary>Bytes changed, cut out, doubled and moved: what is left either reads or is refused in one line.</summary>
    [Fact]
    public void Read_MutatedTwoThousandTimes_ReadsOrRefusesInOneLine()
    {
        byte[] whole = Encoding.UTF8.GetBytes(LabelImg);
        byte[][] pieces = [.. new[] { "<!DOCTYPE a>", "&#0;", "<![CDATA[", "-1", "1e999", "<object>", "</object>", "\0", "&amp;", "<?xml encoding='utf-16'?>" }.Select(Encoding.UTF8.GetBytes)];
        var refused = 0;
        for (ulong seed = 0; seed < 2000; seed++)
        {
            var (random, bytes) = (SeededRandom.For(seed, 0x766F63), new List<byte>(whole));
            for (var i = 1 + random.NextInt(4); i > 0; i--)
            {
                var at = random.NextInt(bytes.Count);
                var length = random.NextInt(Math.Min(60, bytes.Count - at));
                switch (random.NextInt(4))
                {
                    case 0: bytes[at] = (byte)random.NextInt(256); break;
                    case 1: bytes.RemoveRange(at, length); break;
                    case 2: bytes.InsertRange(random.NextInt(bytes.Count), bytes.GetRange(at, length)); break;
                    default: bytes.InsertRange(at, pieces[random.NextInt(pieces.Length)]); break;
                }
            }
            try
            {
                VocFile.Read(new MemoryStream([.. bytes]), "eye.xml");
            }
            catch (DatasetException e)
            {
                refused++;
                Assert.False(e.Message.Any(char.IsControl), e.Message);
            }
        }
        Assert.InRange(refused, 500, 1999);
    }
}
