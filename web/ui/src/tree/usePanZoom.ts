/** Moves and zooms a drawing: dragging, the wheel, two fingers. */
import { computed, ref } from "vue";

const LEAST = 0.12;
const MOST = 2;

export function usePanZoom() {
  const x = ref(24);
  const y = ref(24);
  const scale = ref(1);
  const fingers = new Map<number, { x: number; y: number }>();
  let travelled = 0;

  function zoom(by: number, atX: number, atY: number): void {
    const next = Math.min(MOST, Math.max(LEAST, scale.value * by));
    x.value = atX - ((atX - x.value) * next) / scale.value;
    y.value = atY - ((atY - y.value) * next) / scale.value;
    scale.value = next;
  }

  function wheeled(event: WheelEvent): void {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0016)), event.clientX - box.left, event.clientY - box.top);
  }

  function pressed(event: PointerEvent): void {
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) travelled = 0;
  }

  function moved(event: PointerEvent): void {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const now = { x: event.clientX, y: event.clientY };
    fingers.set(event.pointerId, now);
    travelled += Math.hypot(now.x - before.x, now.y - before.y);
    if (other) {
      const box = (event.currentTarget as Element).getBoundingClientRect();
      const was = Math.hypot(before.x - other.x, before.y - other.y) || 1;
      const is = Math.hypot(now.x - other.x, now.y - other.y);
      zoom(is / was, (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
    } else {
      x.value += now.x - before.x;
      y.value += now.y - before.y;
    }
  }

  function lifted(event: PointerEvent): void {
    fingers.delete(event.pointerId);
  }

  return {
    x,
    y,
    scale,
    transform: computed(() => `translate(${x.value} ${y.value}) scale(${scale.value})`),
    zoom,
    wheeled,
    pressed,
    moved,
    lifted,
    /** Whether the pointer went somewhere since it was pressed: then it was no click. */
    wasDragged: () => travelled > 6,
  };
}
