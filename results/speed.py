#!/usr/bin/env python3
"""Writes results/speed.md from the figures in this folder: results/speed.py, from the root of the repository."""
import json

R = "results/"
def num(file,path,d=2):
    v=json.load(open(R+file))
    for k in path.split('.'): v=v[int(k)] if isinstance(v,list) else v[k]
    return f"{v:.{d}f}<!--{file} {path}-->"
def span(file,path): return f"{num(file,path)} ({num(file,path+'Low')} to {num(file,path+'High')})"
out=[]
w=out.append
w("""# Speed

What each part takes, beside another system in the same run, turn by turn, on one machine: an AMD EPYC with AVX2 and without AVX-512, two virtual processors, two threads, float32. Ratios are the other's time divided by Fovea's: above 1
Fovea is faster. Lowest and highest round behind the median. Single rounds were disturbed by others on a shared machine. No GPU was to be had. Written by `results/speed.py`.

## Training step

Batch 8, 224 pixels, against PyTorch 1.13 ([train-step](train-step/avx2)).

| network | Fovea, ms | against PyTorch, channels-last | against PyTorch, default | by processor time |
|---|--:|---|---|---|""")
for m,n in (('mobilenet_v2','MobileNetV2'),('resnet18','ResNet-18'),('resnet50','ResNet-50')):
    f=f'train-step/avx2/{m}/train_step.json'
    r=json.load(open(R+f))['results']
    i={x['against']:k for k,x in enumerate(r) if x['precision']=='fp32'}
    a,b=i['channels_last'],[k for k in range(len(r)) if r[k]['against']!='channels_last' and r[k]['precision']=='fp32'][0]
    ms=r[a]['foveaStep']*1000
    w(f"| {n} | {ms:.0f} | {span(f,f'results.{a}.ratio')} | {span(f,f'results.{b}.ratio')} | {num(f,f'results.{a}.cpuRatio')}, {num(f,f'results.{b}.cpuRatio')} |")
w("""
## Serving

Forward passes, 224 pixels, the same weights and input ([serving](serving/serve.md)).

| network | batch | Fovea, images/s | against ONNX Runtime | against PyTorch 1.13, default |
|---|--:|--:|---|---|""")
f='serving/serve.json'
for k,x in enumerate(json.load(open(R+f))['figures']):
    p=f'figures.{k}.'
    w(f"| {x['model']} | {x['batch']} | {x['batch']/x['seconds']:.1f} | {span(f,p+'onnxRatio')} | {span(f,p+'torchRatio')} |")
f='serving/spinning/serve.json'
w("""
Threads that wait for each other sleep here, and are woken some forty times a pass; ONNX Runtime's and PyTorch's spin. With `GOMP_SPINCOUNT=2000`, for machines that do nothing else ([decision 0007](../docs/decisions/0007-threads.md#one-image-at-a-time)),
one image at a time ([spinning](serving/spinning/serve.md)):

| network | Fovea, images/s | against ONNX Runtime | against PyTorch 1.13, with as short a spin |
|---|--:|---|---|""")
for k,x in enumerate(json.load(open(R+f))['figures']):
    p=f'figures.{k}.'
    if x['batch']==1: w(f"| {x['model']} | {1/x['seconds']:.1f} | {span(f,p+'onnxRatio')} | {span(f,p+'torchRatio')} |")
f='preprocessing/throughput.json'
w(f"""
## Preparing photographs

4288×2848 JPEGs to 512 pixels; Fovea with two threads and with hashing, writing and fsync, the sources' own Python code (OpenCV) with one ([preprocessing](preprocessing/throughput.md)).

| chain | Python, ms an image | Fovea, exact, ms | times faster | Fovea, reduced decoding, ms | times faster |
|---|--:|--:|--:|--:|--:|
""" + "\n".join(f"| {c} | {num(f,f'chains.{c}.python.milliseconds',0)} | {num(f,f'chains.{c}.exact.milliseconds',1)} | {num(f,f'chains.{c}.exact.speedup',1)} | {num(f,f'chains.{c}.fast.milliseconds',1)} | {num(f,f'chains.{c}.fast.speedup',1)} |" for c in ('s0','s1')))
e='explanation/cost.json'; fig=json.load(open(R+e))['figures']
lo=min(range(len(fig)),key=lambda k:fig[k]['ratio']); hi=max(range(len(fig)),key=lambda k:fig[k]['ratio'])
d='lesions/detect.json'
c,u='service/service.json','service/sustained.json'
w(f"""
## The rest

| what | measured |
|---|---|
| Grad-CAM | {num(e,f'figures.{lo}.ratio')} to {num(e,f'figures.{hi}.ratio')} forward passes of the plain form ([explanation](explanation/cost.md)) |
| lesions on a whole 4288×2848 photograph | {num(d,'secondsByClock.0',1)}, {num(d,'secondsByClock.1',1)}, {num(d,'secondsByClock.2',1)} s with the program's start, {num(d,'peakMiB',0)} MiB; nothing to compare with was run ([lesions](lesions/detect.json)) |

## The screening service

MobileNetV2 at 256 pixels (`models/dr-mobile.fovea`), SQLite, over loopback with uploads, quality check, grade and heat map; its own process, the driver on the same two processors ([service](service/service.json)).

| what | measured |
|---|---|
| cold start to ready, five times | {num(c,'coldStartSeconds.0')} to {num(c,'coldStartSeconds.4')} s, median {num(c,'coldStartSeconds.2')} s |
| one 4288×2848 JPEG from upload to grade and heat map | median {num(c,'largePhotograph.medianSeconds')} s ({num(c,'largePhotograph.lowestSeconds')} to {num(c,'largePhotograph.highestSeconds')}) |
| sustained | {num(u,'quiet.imagesPerSecond',1)} images/s, {num(u,'quiet.share')} of the bare engine's {num(u,'quiet.bareImagesPerSecond',1)} in the one turn of {len(json.load(open(R+u))['turns'])} in which the machine was quiet; {num(u,'quiet.shareWithoutDriver')} with the driver's processor time given to the service ([turns](service/sustained.json)) |
| processor time of an image, median of these turns | service {num(u,'processorTime.serviceMilliseconds',1)} ms, bare engine {num(u,'processorTime.bareMilliseconds',1)} ms ({num(u,'processorTime.share')} of it), driver {num(u,'processorTime.driverMilliseconds',2)} ms |
| at 70 % of the engine's rate | 99 of 100 results within {num(c,'at70Percent.p99Seconds')} s |
| at three times the rate | {num(c,'at300Percent.accepted',0)} taken, each with its result; {num(c,'at300Percent.busy',0)} answered 503 with Retry-After; {num(c,'at300Percent.megabytesMost',0)} MB at most |
""")
open(R+'speed.md','w').write("\n".join(out))
