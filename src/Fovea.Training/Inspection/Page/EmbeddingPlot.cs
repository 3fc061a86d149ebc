using System.Globalization;
using System.Text;
using Fovea.Training.Evaluation.Report;

namespace Fovea.Training.Inspection.Page;

/// <summary>An embedding as SVG, points coloured by class; the page's script shows name and thumbnail under the pointer or where the arrow keys lead.</summary>
internal static class EmbeddingPlot
{
    private const double Side = 620, Margin = 14;

    /// <summary>Shows the point under the pointer; arrow keys go to the nearest point in their direction, Escape leaves.</summary>
    public const string Script = """
        (()=>{const thumbs=JSON.parse(document.getElementById('thumbs').textContent);
        for(const plot of document.querySelectorAll('.plot')){
        const tip=plot.querySelector('.tip'),svg=plot.querySelector('svg'),dots=[...svg.querySelectorAll('circle')];let at=-1;
        for(const d of dots){const t=d.querySelector('title');d.dataset.n=t.textContent;t.remove()}
        const show=i=>{if(at>=0)dots[at].classList.remove('on');at=i;tip.hidden=i<0;if(i<0)return;
        const d=dots[i],image=tip.querySelector('img'),thumb=thumbs[d.dataset.i];d.classList.add('on');image.hidden=!thumb;if(thumb)image.src='data:image/jpeg;base64,'+thumb;
        tip.querySelector('span').textContent=d.dataset.n;
        const b=d.getBoundingClientRect(),p=plot.getBoundingClientRect();
        tip.style.left=Math.max(0,Math.min(b.x-p.x+16,p.width-tip.offsetWidth))+'px';tip.style.top=b.y-p.y+16+'px'};
        svg.addEventListener('pointerover',e=>{if(e.target.tagName==='circle')show(dots.indexOf(e.target))});
        svg.addEventListener('pointerleave',()=>show(-1));svg.addEventListener('blur',()=>show(-1));
        svg.addEventListener('keydown',e=>{if(e.key==='Escape')return show(-1);
        const step={ArrowRight:[1,0],ArrowLeft:[-1,0],ArrowUp:[0,-1],ArrowDown:[0,1]}[e.key];if(!step)return;e.preventDefault();
        const place=d=>[+d.getAttribute('cx'),+d.getAttribute('cy')],from=at<0?null:place(dots[at]);let best=-1,least=Infinity;
        dots.forEach((d,i)=>{if(i===at||getComputedStyle(d).display==='none')return;let cost=0;
        if(from){const[x,y]=place(d),dx=x-from[0],dy=y-from[1],along=dx*step[0]+dy*step[1];if(along<=0)return;cost=(dx*dx+dy*dy)**2/along**2}
        if(cost<least){least=cost;best=i}});if(best>=0)show(best)})}})()
        """;

    public static string Draw(DatasetInspection d, ImageEmbedding embedding)
    {
        var points = embedding.Points;
        double minX = points.Min(p => p.X), maxX = points.Max(p => p.X), minY = points.Min(p => p.Y), maxY = points.Max(p => p.Y);
        var span = Math.Max(Math.Max(maxX - minX, maxY - minY), 1e-9);
        double Place(double value, double low, double high) => Side / 2 + (value - (low + high) / 2) / span * (Side - 2 * Margin);

        var plot = new StringBuilder("<div class=\"plot\"><fieldset class=\"legend\"><legend>Show</legend>");
        foreach (var c in points.Select(p => p.Class).Distinct().Order())
            plot.Append(CultureInfo.InvariantCulture, $"<label><input type=\"checkbox\" checked class=\"k{c % InspectionPage.Colours}\"><i class=\"c{c % InspectionPage.Colours}\"></i>{HtmlPage.Escape(InspectionPage.ClassName(d, c))}</label>");
        plot.Append(CultureInfo.InvariantCulture, $"</fieldset><svg viewBox=\"0 0 {Side} {Side}\" width=\"{Side}\" tabindex=\"0\" role=\"application\" aria-label=\"Embedding of {HtmlPage.Escape(embedding.Of)}; arrow keys go from point to point\">");
        var radius = points.Count > 1500 ? 2.5 : points.Count > 500 ? 3.5 : 4.5;
        for (var i = 0; i < points.Count; i++)
        {
            var p = points[i];
            plot.Append(CultureInfo.InvariantCulture, $"<circle class=\"c{p.Class % InspectionPage.Colours}\" data-i=\"{i}\" cx=\"{Place(p.X, minX, maxX):0.#}\" cy=\"{Place(p.Y, minY, maxY):0.#}\" r=\"{radius}\">");
            plot.Append(CultureInfo.InvariantCulture, $"<title>{HtmlPage.Escape(p.Image)} · {HtmlPage.Escape(InspectionPage.ClassName(d, p.Class))}</title></circle>");
        }
        return plot.Append("</svg><div class=\"tip\" hidden aria-live=\"polite\"><img alt=\"\"><span></span></div></div>").ToString();
    }
}
