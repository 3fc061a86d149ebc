"""Networks that torchvision 0.14 lacks, written from their papers (or the reference system's layer table) in plain PyTorch, for oracle/models.py.

Each gives (logits, OrderedDict of stages). Parameter names are those of src/Fovea/Models, so that both sides compute the same weights from them.
"""
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class Baseline(nn.Module):
    """The APTOS case study's baseline CNN, Keras's layers with channels first."""

    def __init__(self, outputs):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(3, 16, 2), nn.Conv2d(16, 32, 2), nn.Conv2d(32, 64, 2)
        self.fc1, self.fc2, self.fc3, self.fc4 = nn.Linear(64, 128), nn.Linear(128, 256), nn.Linear(256, 512), nn.Linear(512, outputs)

    def forward(self, x):
        s1 = F.relu(self.conv1(x))
        s2 = F.relu(self.conv2(F.max_pool2d(s1, 2)))
        s3 = F.relu(self.conv3(F.max_pool2d(s2, 2)))
        x = F.max_pool2d(s3, 2).mean((2, 3))
        x = F.relu(self.fc2(F.relu(self.fc1(x))))
        return self.fc4(F.relu(self.fc3(x))), OrderedDict(stage1=s1, stage2=s2, stage3=s3)


class AptosAlexNet(nn.Module):
    """The APTOS case study's AlexNet; `features` is the length of its flattened map."""

    def __init__(self, outputs, features):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 96, 11, 4), nn.Conv2d(96, 256, 5, padding=2)
        self.conv3, self.conv4, self.conv5 = nn.Conv2d(256, 384, 3, padding=1), nn.Conv2d(384, 384, 3, padding=1), nn.Conv2d(384, 256, 3, padding=1)
        self.fc1, self.fc2, self.fc3, self.fc4 = nn.Linear(features, 9216), nn.Linear(9216, 4096), nn.Linear(4096, 2048), nn.Linear(2048, outputs)

    def forward(self, x):
        s1 = F.relu(self.conv1(x))
        s2 = F.relu(self.conv2(F.max_pool2d(s1, 3, 2)))
        s3 = F.relu(self.conv5(F.relu(self.conv4(F.relu(self.conv3(F.max_pool2d(s2, 3, 2)))))))
        x = F.max_pool2d(s3, 3, 2).flatten(1)
        return self.fc4(F.relu(self.fc3(F.relu(self.fc2(F.relu(self.fc1(x))))))), OrderedDict(stage1=s1, stage2=s2, stage3=s3)


class OctCnn(nn.Module):
    """The OCT study's CNNs: 3×3 convolutions, relu, then batch norm with Keras's eps and momentum."""

    def __init__(self, outputs, layout):
        super().__init__()
        self.layout, channels, index = layout, 3, 1
        for width in sum(layout, []):
            self.add_module(f"conv{index}", nn.Conv2d(channels, width, 3, padding=1))
            self.add_module(f"bn{index}", nn.BatchNorm2d(width, eps=1e-3, momentum=0.01))
            channels, index = width, index + 1
        self.fc = nn.Linear(channels, outputs)

    def forward(self, x):
        stages, index = OrderedDict(), 1
        for number, widths in enumerate(self.layout):
            if number:
                x = F.max_pool2d(x, 2)
            for _ in widths:
                x = getattr(self, f"bn{index}")(F.relu(getattr(self, f"conv{index}")(x)))
                index += 1
            stages[f"stage{number + 1}"] = x
        return self.fc(x.mean((2, 3))), stages


class SmallCnn(nn.Module):
    """The SJTU study's CNN; `features` is the length of its flattened map."""

    def __init__(self, outputs, features):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 64, 3), nn.Conv2d(64, 64, 3)
        self.fc1, self.fc2 = nn.Linear(features, 64), nn.Linear(64, outputs)

    def forward(self, x):
        s1 = F.relu(self.conv1(x))
        s2 = F.relu(self.conv2(F.max_pool2d(s1, 2)))
        return self.fc2(F.relu(self.fc1(F.max_pool2d(s2, 2).flatten(1)))), OrderedDict(stage1=s1, stage2=s2)


class SqueezeExcite(nn.Module):
    """Hu et al. 2017, figure 1."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        self.fc1, self.fc2 = nn.Conv2d(channels, channels // reduction, 1), nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(F.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class SeResNeXtBlock(nn.Module):
    """Hu et al. 2017, table 1, right column: 1×1, 3×3 in 32 groups, 1×1, squeeze and excitation, shortcut."""

    def __init__(self, channels, planes, stride):
        super().__init__()
        width = planes // 16 * 32
        self.conv1, self.bn1 = nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, groups=32, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * planes, 1, bias=False), nn.BatchNorm2d(4 * planes)
        self.se_module = SqueezeExcite(4 * planes)
        self.downsample = None
        if stride != 1 or channels != 4 * planes:
            self.downsample = nn.Sequential(nn.Conv2d(channels, 4 * planes, 1, stride, bias=False), nn.BatchNorm2d(4 * planes))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        y = self.se_module(self.bn3(self.conv3(y)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class SeResNeXt(nn.Module):
    """SE-ResNeXt 32×4d; the first pool rounds up without padding, as the authors' Caffe weights ask."""

    def __init__(self, outputs, blocks):
        super().__init__()
        self.layer0 = nn.Sequential(OrderedDict(conv1=nn.Conv2d(3, 64, 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(64), relu1=nn.ReLU()))
        channels = 64
        for stage, count in enumerate(blocks):
            planes, layers = 64 << stage, []
            for i in range(count):
                layers.append(SeResNeXtBlock(channels, planes, 2 if stage and not i else 1))
                channels = 4 * planes
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layers))
        self.last_linear = nn.Linear(channels, outputs)

    def forward(self, x):
        stages = OrderedDict(stem=self.layer0(x))
        x = F.max_pool2d(stages["stem"], 3, 2, ceil_mode=True)
        for i in range(1, 5):
            x = stages[f"stage{i}"] = getattr(self, f"layer{i}")(x)
        return self.last_linear(x.mean((2, 3))), stages


class Separable(nn.Module):
    def __init__(self, channels, outputs):
        super().__init__()
        self.conv1, self.pointwise = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False), nn.Conv2d(channels, outputs, 1, bias=False)

    def forward(self, x):
        return self.pointwise(self.conv1(x))


class XceptionBlock(nn.Module):
    """Chollet 2016, figure 5: a module between two additions."""

    def __init__(self, channels, outputs, count, stride, relu_first=True, grow_first=True):
        super().__init__()
        widths = [outputs] * count if grow_first else [channels] * (count - 1) + [outputs]
        layers, last = [], channels
        for i, width in enumerate(widths):
            layers += ([nn.ReLU()] if i or relu_first else []) + [Separable(last, width), nn.BatchNorm2d(width)]
            last = width
        self.rep = nn.Sequential(*layers, *([nn.MaxPool2d(3, stride, 1)] if stride > 1 else []))
        self.skip = self.skipbn = None
        if stride > 1 or channels != outputs:
            self.skip, self.skipbn = nn.Conv2d(channels, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.rep(x) + (x if self.skip is None else self.skipbn(self.skip(x)))


class Xception(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 32, 3, 2, bias=False), nn.BatchNorm2d(32)
        self.conv2, self.bn2 = nn.Conv2d(32, 64, 3, bias=False), nn.BatchNorm2d(64)
        self.block1 = XceptionBlock(64, 128, 2, 2, relu_first=False)
        self.block2, self.block3 = XceptionBlock(128, 256, 2, 2), XceptionBlock(256, 728, 2, 2)
        for i in range(4, 12):
            self.add_module(f"block{i}", XceptionBlock(728, 728, 3, 1))
        self.block12 = XceptionBlock(728, 1024, 2, 2, grow_first=False)
        self.conv3, self.bn3 = Separable(1024, 1536), nn.BatchNorm2d(1536)
        self.conv4, self.bn4 = Separable(1536, 2048), nn.BatchNorm2d(2048)
        self.fc = nn.Linear(2048, outputs)

    def forward(self, x):
        stages = OrderedDict()
        x = stages["stem"] = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        x = stages["stage1"] = self.block1(x)
        x = stages["stage2"] = self.block2(x)
        for i in range(3, 12):
            x = getattr(self, f"block{i}")(x)
        stages["stage3"] = x
        x = F.relu(self.bn3(self.conv3(self.block12(x))))
        x = stages["stage4"] = F.relu(self.bn4(self.conv4(x)))
        return self.fc(x.mean((2, 3))), stages


class ResNetV2(nn.Module):
    """He et al. 2016: batch norm and relu before each convolution. Layers numbered within a stage, as GluonCV's."""

    def __init__(self, outputs, blocks=(3, 4, 6, 3)):
        super().__init__()
        self.blocks = blocks
        self.batchnorm0, self.conv0, self.batchnorm1 = nn.BatchNorm2d(3), nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        channels = 64
        for stage, count in enumerate(blocks):
            width, norm, conv = 64 << stage, 0, 0
            for i in range(count):
                for size in (channels, width, width):
                    self.add_module(f"stage{stage + 1}_batchnorm{norm}", nn.BatchNorm2d(size))
                    norm += 1
                stride = 2 if stage and not i else 1
                sizes = [(channels, width, 1, 1), (width, width, 3, stride), (width, 4 * width, 1, 1)] + ([(channels, 4 * width, 1, stride)] if not i else [])
                for a, b, kernel, s in sizes:
                    self.add_module(f"stage{stage + 1}_conv{conv}", nn.Conv2d(a, b, kernel, s, kernel // 2, bias=False))
                    conv += 1
                channels = 4 * width
        self.batchnorm2, self.dense0 = nn.BatchNorm2d(channels), nn.Linear(channels, outputs)

    def forward(self, x):
        stages = OrderedDict(stem=F.relu(self.batchnorm1(self.conv0(self.batchnorm0(x)))))
        x = F.max_pool2d(stages["stem"], 3, 2, 1)
        for stage, count in enumerate(self.blocks):
            norm = conv = 0

            def part(kind, number):
                return getattr(self, f"stage{stage + 1}_{kind}{number}")

            for i in range(count):
                y = F.relu(part("batchnorm", norm)(x))
                shortcut = part("conv", conv + 3)(y) if not i else x
                y = part("conv", conv)(y)
                y = part("conv", conv + 1)(F.relu(part("batchnorm", norm + 1)(y)))
                y = part("conv", conv + 2)(F.relu(part("batchnorm", norm + 2)(y)))
                x = y + shortcut
                norm, conv = norm + 3, conv + (4 if not i else 3)
            stages[f"stage{stage + 1}"] = x
        x = stages["stage4"] = F.relu(self.batchnorm2(x))
        return self.dense0(x.mean((2, 3))), stages
