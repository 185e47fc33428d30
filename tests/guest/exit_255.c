/* exit(3): the status is main()'s value & 0377: 255 gives 255. */
/* want-status: 255 */
int main(void)
{
    return 255;
}
