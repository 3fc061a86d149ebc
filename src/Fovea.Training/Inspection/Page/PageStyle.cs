namespace Fovea.Training.Inspection.Page;

/// <summary>What the inspection's page looks like beyond <see cref="Evaluation.Report.HtmlPage"/>. Colours keep 3:1 on their ground, text 4.5:1.</summary>
internal static class PageStyle
{
    public const string Css = """
        :root{--p0:#2b6cb0;--p1:#b7791f;--p2:#2f855a;--p3:#6b46c1;
        --c0:#2b6cb0;--c1:#23857a;--c2:#a87400;--c3:#c2571a;--c4:#b3203f;--c5:#7a3fa0;--c6:#c2408f;--c7:#4d6b1f;--c8:#8c564b;--c9:#5f6b7a}
        @media (prefers-color-scheme:dark){:root{--p0:#6cb2f2;--p1:#e9b949;--p2:#5cc98a;--p3:#b79cf0;
        --c0:#6cb2f2;--c1:#4fd0bd;--c2:#f0c24b;--c3:#ff9a57;--c4:#ff7389;--c5:#c79bf2;--c6:#f28bc8;--c7:#b5d46a;--c8:#d9a79a;--c9:#aab4c2}}
        .c0{--k:var(--c0)}.c1{--k:var(--c1)}.c2{--k:var(--c2)}.c3{--k:var(--c3)}.c4{--k:var(--c4)}.c5{--k:var(--c5)}.c6{--k:var(--c6)}.c7{--k:var(--c7)}.c8{--k:var(--c8)}.c9{--k:var(--c9)}
        .p0{--k:var(--p0)}.p1{--k:var(--p1)}.p2{--k:var(--p2)}.p3{--k:var(--p3)}
        svg .fill{fill:var(--k)}svg .whisker{stroke:var(--soft);stroke-width:1.5}svg .median{stroke:var(--ink);stroke-width:2.5}
        a{color:inherit}nav{display:flex;flex-wrap:wrap;gap:.3rem 1.1rem;margin:1rem 0;font-size:.95rem}
        h2{border-top:1px solid var(--line);padding-top:1.4rem;scroll-margin-top:.5rem}h3{font-size:1rem;margin:1.3rem 0 .4rem}
        .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.7rem;margin:1.2rem 0}.facts div{background:var(--panel);border-radius:.5rem;padding:.6rem .8rem}
        .facts b{display:block;font-size:1.45rem;line-height:1.25;font-variant-numeric:tabular-nums}.facts span{color:var(--soft);font-size:.85rem}.facts .bad b{color:var(--accent)}
        .warnings{margin:.5rem 0 1rem;padding:0;list-style:none}.warnings li{border-left:4px solid var(--accent);padding:.35rem .8rem;background:var(--panel);margin:.4rem 0}
        .key{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;margin:.2rem 0 .6rem;font-size:.9rem}i[class^=p],i[class^=c]{display:inline-block;width:.8em;height:.8em;border-radius:50%;background:var(--k);margin-right:.4em}
        .wrap+.wrap{margin-top:1.2rem}.charts .wrap{margin:0}
        .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr));gap:1.2rem 1.5rem;margin:1rem 0}
        .thumbs{display:grid;grid-template-columns:repeat(auto-fill,minmax(6.4rem,1fr));gap:.5rem}.thumbs+.thumbs{margin-top:.5rem}.thumbs figure{border-radius:.35rem}
        .thumbs figcaption,.pair figcaption{padding:.25rem .4rem;font-size:.72rem;line-height:1.3;overflow-wrap:anywhere;color:var(--soft)}.thumbs img,.pair img{background:#000;aspect-ratio:1;object-fit:contain;width:100%}
        .pairs{display:grid;grid-template-columns:repeat(auto-fill,minmax(14.5rem,1fr));gap:.9rem}.pair{background:var(--panel);border-radius:.5rem;padding:.5rem;border:2px solid transparent}.pair.bad{border-color:var(--accent)}
        .pair>div{display:grid;grid-template-columns:repeat(auto-fit,minmax(6rem,1fr));gap:.4rem}.pair p{margin:.3rem .2rem 0;font-size:.82rem}.pair.bad p{color:var(--accent);font-weight:600}.pair figcaption b{display:block;color:var(--ink)}
        .plot{position:relative;max-width:40rem;margin:.5rem 0 1.5rem}.plot svg{background:var(--panel);border-radius:.5rem;display:block}.plot svg:focus-visible{outline:3px solid var(--c0)}
        .plot circle{fill:var(--k);stroke:var(--panel);stroke-width:.7;cursor:pointer}.plot circle.on{stroke:var(--ink);stroke-width:2.5}
        .legend{border:0;padding:0;margin:0 0 .6rem;display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.9rem}.legend legend{position:absolute;clip-path:inset(50%)}.legend input{margin:0 .4em 0 0;vertical-align:-.1em}
        .tip{position:absolute;z-index:2;width:9rem;background:var(--paper);border:1px solid var(--line);border-radius:.4rem;box-shadow:0 4px 14px #0004;pointer-events:none;overflow:hidden}.tip[hidden]{display:none}
        .tip img{display:block;width:100%;background:#000}.tip span{display:block;padding:.3rem .5rem;font-size:.78rem;overflow-wrap:anywhere}
        .plot:has(.k0:not(:checked)) circle.c0,.plot:has(.k1:not(:checked)) circle.c1,.plot:has(.k2:not(:checked)) circle.c2,.plot:has(.k3:not(:checked)) circle.c3,.plot:has(.k4:not(:checked)) circle.c4,.plot:has(.k5:not(:checked)) circle.c5,.plot:has(.k6:not(:checked)) circle.c6,.plot:has(.k7:not(:checked)) circle.c7,.plot:has(.k8:not(:checked)) circle.c8,.plot:has(.k9:not(:checked)) circle.c9{display:none}
        @media print{nav,.legend input{display:none}*{print-color-adjust:exact}.charts{display:block}h2{break-after:avoid}}
        """;
}
