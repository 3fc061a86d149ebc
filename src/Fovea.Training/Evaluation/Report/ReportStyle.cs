namespace Fovea.Training.Evaluation.Report;

/// <summary>What reports look like beyond <see cref="HtmlPage"/>. Colours keep 3:1 on their ground, text 4.5:1, in light and dark.</summary>
internal static class ReportStyle
{
    public const string Css = """
        :root{--c0:#2b6cb0;--c1:#c2571a;--c2:#23857a;--c3:#7a3fa0;--c4:#a87400;--c5:#b3203f;--c6:#4d6b1f;--c7:#c2408f;--c8:#8c564b;--c9:#5f6b7a;--right:38,110,190;--wrong:205,95,40}
        @media (prefers-color-scheme:dark){:root{--c0:#6cb2f2;--c1:#ff9a57;--c2:#4fd0bd;--c3:#c79bf2;--c4:#f0c24b;--c5:#ff7389;--c6:#b5d46a;--c7:#f28bc8;--c8:#d9a79a;--c9:#aab4c2;--right:90,160,235;--wrong:240,130,75}}
        @media print{:root{color-scheme:light;--ink:#000;--soft:#444;--line:#ccc;--paper:#fff;--panel:#f4f5f7;--accent:#9c3a1f;--c0:#2b6cb0;--c1:#c2571a;--c2:#23857a;--c3:#7a3fa0;--c4:#a87400;--c5:#b3203f;--right:38,110,190;--wrong:205,95,40}}
        .c0{--k:var(--c0)}.c1{--k:var(--c1)}.c2{--k:var(--c2)}.c3{--k:var(--c3)}.c4{--k:var(--c4)}.c5{--k:var(--c5)}.c6{--k:var(--c6)}.c7{--k:var(--c7)}.c8{--k:var(--c8)}.c9{--k:var(--c9)}
        a{color:inherit}:focus-visible{outline:3px solid var(--c0);outline-offset:2px}
        .wrap+.wrap{margin-top:1rem}td:first-child{min-width:6.5rem}.plot.forest{max-width:38rem;margin-top:1rem}main:has(.forest){max-width:92rem}.skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem;background:var(--paper);padding:.4rem .8rem;z-index:9}
        nav{position:sticky;top:0;background:var(--paper);display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:1rem 0;padding:.5rem 0;font-size:.92rem;border-bottom:1px solid var(--line);z-index:3}nav a{text-decoration:none}nav a:hover{text-decoration:underline}
        h2{border-top:1px solid var(--line);padding-top:1.4rem;scroll-margin-top:3rem;font-size:1.3rem}nav+h2{border-top:0}h3{font-size:1.02rem;margin:1.6rem 0 .4rem}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));gap:.7rem;margin:1.2rem 0}.facts div{background:var(--panel);border-radius:.6rem;padding:.7rem .9rem}
        .facts b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}.facts span{display:block;color:var(--soft);font-size:.84rem}.facts .bad b{color:var(--accent)}
        td small{display:block;color:var(--soft);font-size:.78rem;white-space:nowrap}.scores td{vertical-align:middle}.tight td,.tight th{padding:.35rem .5rem;font-size:.9rem}.tight td small{font-size:.74rem}.tight th:first-child{min-width:8.5rem}.range{width:11rem;height:1.1rem;display:block}.range line{stroke:var(--c0);stroke-width:3;stroke-linecap:round}.range circle{fill:var(--c0)}.range path{stroke:var(--line);stroke-width:1}
        .matrices{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));gap:1.4rem}.matrix{border-collapse:separate;border-spacing:2px;font-size:.86rem;width:100%;table-layout:fixed}.matrix thead th{font-size:.7rem;line-height:1.2;vertical-align:bottom;padding:.2rem .1rem}.matrix th:first-child{width:5.6rem}.matrix caption{text-align:left;font-weight:600;padding:.2rem 0 .5rem}.matrix caption small{display:block;font-weight:400;color:var(--soft)}
        .matrix th{border:0;font-weight:500;padding:.25rem .4rem;color:var(--soft);text-align:center}.matrix tbody th{text-align:right;white-space:nowrap}.matrix td{border:0;border-radius:.3rem;text-align:center;height:2.5rem;padding:.2rem;font-variant-numeric:tabular-nums}
        .matrix .r{background:rgba(var(--right),var(--a))}.matrix .w{background:rgba(var(--wrong),var(--a))}
        .plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,29rem),1fr));gap:1.2rem 1.5rem;margin:1rem 0}.plot{position:relative;background:var(--panel);border-radius:.6rem;padding:.8rem;overflow:visible}.plot figcaption{padding:0 0 .5rem;font-size:.92rem;display:flex;flex-wrap:wrap;gap:.1rem 1rem;align-items:baseline}.plot figcaption b{width:100%}
        .plot svg{width:100%;display:block}.plot polyline{fill:none;stroke:var(--k);stroke-width:2.2;stroke-linejoin:round}.plot .dashed{stroke-dasharray:6 4}.plot .guide{stroke:var(--soft);stroke-dasharray:3 4}.plot .bar{fill:var(--k)}.plot .faint{opacity:.28}.plot circle{fill:var(--k)}.plot .ringed{stroke:var(--ink);stroke-width:2}
        .key i{display:inline-block;width:1.1em;height:.22em;background:var(--k);vertical-align:.25em;margin-right:.4em}.key i.dashed{background:repeating-linear-gradient(90deg,var(--k) 0 .3em,transparent .3em .5em)}.key i.dot{width:.7em;height:.7em;border-radius:50%;vertical-align:-.05em}
        details{font-size:.86rem;margin-top:.4rem}summary{cursor:pointer;color:var(--soft)}details .wrap{max-height:18rem;overflow:auto;margin-top:.3rem}.read{position:absolute;right:1rem;top:.7rem;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .6rem;font-size:.82rem;font-variant-numeric:tabular-nums;pointer-events:none;white-space:pre;z-index:2}
        .cases{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;margin:.6rem 0}.cases figcaption b{display:block}.bars{display:grid;gap:2px;margin:.4rem 0;font-size:.76rem}.bars span{display:grid;grid-template-columns:5.2rem 1fr 2.6rem;gap:.4rem;align-items:center}.bars i{height:.55rem;border-radius:.2rem;background:var(--soft);min-width:1px;display:block}.bars .t i{background:var(--c2)}.bars .p i{background:var(--c1)}.bars em{text-align:right;font-style:normal}
        .like{display:flex;gap:.3rem;margin-top:.4rem}.near{width:4.6rem;font-size:.72rem;color:var(--soft)}.near img{width:100%;display:block;aspect-ratio:1;object-fit:cover;border-radius:.3rem}
        .tag{display:inline-block;background:var(--accent);color:var(--paper);border-radius:.3rem;padding:0 .45rem;font-size:.8rem;font-weight:600}ul.limits{max-width:52rem;padding-left:1.2rem}ul.limits li{margin:.3rem 0}
        dl.card{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;max-width:60rem}dl.card dt{color:var(--soft)}dl.card dd{margin:0;overflow-wrap:anywhere}
        @media print{nav,summary,.wrap+.wrap{margin-top:1rem}td:first-child{min-width:6.5rem}.plot.forest{max-width:38rem;margin-top:1rem}main:has(.forest){max-width:92rem}.skip{display:none}body{font-size:10.5pt}main{max-width:none;padding:0}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}.plots,.matrices{grid-template-columns:1fr 1fr}.cases{grid-template-columns:repeat(3,1fr)}h2,h3{break-after:avoid}.cases figure,.plot,.matrix{break-inside:avoid}a{text-decoration:none}}
        @media (max-width:34rem){.range{width:6rem}h1{font-size:1.35rem}}
        """;

    /// <summary>Shows the numbers of the curves under the pointer. Everything is readable without it.</summary>
    public const string Script = """
        (()=>{for(const plot of document.querySelectorAll('.plot[data-lines]')){const svg=plot.querySelector('svg'),[low,high,left,right,pct]=plot.dataset.x.split(',').map(Number),
        lines=plot.dataset.lines.split(';').map(l=>{const[n,p]=l.split('|');return[n,p.split(' ').map(q=>q.split(',').map(Number))]}),
        show=(v,p)=>p?(v*100).toFixed(1)+' %':String(+v.toPrecision(3)),read=document.createElement('div');read.className='read';read.hidden=true;plot.append(read);
        svg.addEventListener('pointermove',e=>{const b=svg.getBoundingClientRect(),s=(e.clientX-b.x)/b.width,x=low+(s-left)/(right-left)*(high-low);if(s<left||s>right){read.hidden=true;return}
        read.textContent=plot.dataset.names+' '+show(x,pct)+lines.map(([n,p])=>{let best=p[0];for(const q of p)if(Math.abs(q[0]-x)<Math.abs(best[0]-x))best=q;return'\n'+n+': '+show(best[1],+plot.dataset.y)}).join('');
        read.style.right=s>.55?'auto':'1rem';read.style.left=s>.55?'1rem':'auto';read.style.top='auto';read.style.bottom='5rem';read.hidden=false});
        svg.addEventListener('pointerleave',()=>read.hidden=true)}
        addEventListener('beforeprint',()=>document.querySelectorAll('details').forEach(d=>d.open=false))})()
        """;
}
