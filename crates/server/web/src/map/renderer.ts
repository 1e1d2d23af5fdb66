import { COLORS, type Palette } from "./colors";

/** How points are drawn. */
export interface Style {
    /** The diameter in pixels of the canvas. */
    size: number;
    /** 0 to 1. */
    opacity: number;
    /** The width of a ring around the point in pixels of the canvas, 0 for none. */
    ring: number;
    /** Whether the points have their colors, or all the neutral one. */
    isColored: boolean;
}

/** Which part of the map the canvas shows: the middle, and the halves of the canvas by unit of the map. */
export interface Frame {
    x: number;
    y: number;
    scaleX: number;
    scaleY: number;
}

const VERTEX = `#version 300 es
layout(location = 0) in vec2 position;
layout(location = 1) in uint color;
uniform vec2 middle;
uniform vec2 scale;
uniform float size;
uniform bool colored;
uniform vec3 palette[${COLORS}];
flat out vec3 shade;
void main() {
    gl_Position = vec4((position - middle) * scale, 0.0, 1.0);
    gl_PointSize = size;
    shade = palette[colored ? color : 0u];
}`;

/** Small points are squares, which are faster to fill. */
const SQUARE = `#version 300 es
precision highp float;
flat in vec3 shade;
uniform float opacity;
out vec4 result;
void main() {
    result = vec4(shade, opacity);
}`;

const DISC = `#version 300 es
precision highp float;
flat in vec3 shade;
uniform float size;
uniform float opacity;
uniform float ring;
uniform vec3 ringColor;
out vec4 result;
void main() {
    float inward = (0.5 - length(gl_PointCoord - 0.5)) * size;
    float cover = clamp(inward + 0.5, 0.0, 1.0);
    if (cover <= 0.0) discard;
    float isRing = ring > 0.0 ? 1.0 - clamp(inward - ring + 0.5, 0.0, 1.0) : 0.0;
    result = vec4(mix(shade, ringColor, isRing), opacity * cover);
}`;

/** From this diameter on, in pixels of the canvas, points are discs. */
const ROUND_FROM = 3;

interface Program {
    program: WebGLProgram;
    places: Record<string, WebGLUniformLocation | null>;
}

/** Points on the graphics processor. Points with a ring are discs always. */
export interface Batch {
    array: WebGLVertexArrayObject;
    positions: WebGLBuffer;
    colors: WebGLBuffer;
    count: number;
}

/** Draws points by WebGL2. It keeps nothing that cannot be uploaded again after the context is lost. */
export class Renderer {
    private readonly square: Program;
    private readonly disc: Program;
    private readonly largest: number;

    constructor(private readonly gl: WebGL2RenderingContext) {
        this.square = this.program(SQUARE);
        this.disc = this.program(DISC);
        this.largest = (gl.getParameter(gl.ALIASED_POINT_SIZE_RANGE) as Float32Array)[1] ?? 1;
        gl.enable(gl.BLEND);
        gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
        gl.disable(gl.DITHER);
    }

    private program(fragment: string): Program {
        const { gl } = this;
        const program = gl.createProgram();
        for (const [type, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]] as const) {
            const shader = gl.createShader(type)!;
            gl.shaderSource(shader, source);
            gl.compileShader(shader);
            gl.attachShader(program, shader);
            gl.deleteShader(shader);
        }
        gl.linkProgram(program);
        if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
            throw new Error(gl.getProgramInfoLog(program) ?? "WebGL2");
        }
        const names = ["middle", "scale", "size", "colored", "palette", "opacity", "ring", "ringColor"];
        return { program, places: Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)])) };
    }

    /** Uploads points: x and y of each, and the color of each. */
    batch(positions: Float32Array, colors: Uint8Array): Batch {
        const { gl } = this;
        const batch = { array: gl.createVertexArray(), positions: gl.createBuffer(), colors: gl.createBuffer(), count: colors.length };
        gl.bindVertexArray(batch.array);
        gl.bindBuffer(gl.ARRAY_BUFFER, batch.positions);
        gl.bufferData(gl.ARRAY_BUFFER, positions, gl.STATIC_DRAW);
        gl.enableVertexAttribArray(0);
        gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
        gl.bindBuffer(gl.ARRAY_BUFFER, batch.colors);
        gl.bufferData(gl.ARRAY_BUFFER, colors, gl.STATIC_DRAW);
        gl.enableVertexAttribArray(1);
        gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
        gl.bindVertexArray(null);
        return batch;
    }

    /** Replaces the colors of points. */
    recolor(batch: Batch, colors: Uint8Array): void {
        const { gl } = this;
        gl.bindBuffer(gl.ARRAY_BUFFER, batch.colors);
        gl.bufferSubData(gl.ARRAY_BUFFER, 0, colors);
    }

    free(batch: Batch): void {
        this.gl.deleteVertexArray(batch.array);
        this.gl.deleteBuffer(batch.positions);
        this.gl.deleteBuffer(batch.colors);
    }

    /** Sets the colors of the page. */
    setPalette(palette: Palette): void {
        const { gl } = this;
        gl.clearColor(...(palette.background as [number, number, number]), 1);
        for (const { program, places } of [this.square, this.disc]) {
            gl.useProgram(program);
            gl.uniform3fv(places.palette!, palette.points.flat());
            gl.uniform3fv(places.ringColor ?? null, palette.ring as unknown as number[]);
        }
    }

    /** Begins a frame. */
    clear(width: number, height: number): void {
        this.gl.viewport(0, 0, width, height);
        this.gl.clear(this.gl.COLOR_BUFFER_BIT);
    }

    /** Draws ranges of points, each a pair of first and count. */
    draw(batch: Batch, frame: Frame, style: Style, ranges: readonly (readonly [first: number, count: number])[] = [[0, batch.count]]): void {
        const { gl } = this;
        const { program, places } = style.size >= ROUND_FROM || style.ring > 0 ? this.disc : this.square;
        gl.useProgram(program);
        gl.uniform2f(places.middle!, frame.x, frame.y);
        gl.uniform2f(places.scale!, frame.scaleX, frame.scaleY);
        gl.uniform1f(places.size!, Math.min(style.size, this.largest));
        gl.uniform1i(places.colored!, Number(style.isColored));
        gl.uniform1f(places.opacity!, style.opacity);
        gl.uniform1f(places.ring ?? null, style.ring);
        gl.bindVertexArray(batch.array);
        for (const [first, count] of ranges) {
            gl.drawArrays(gl.POINTS, first, count);
        }
        gl.bindVertexArray(null);
    }
}
